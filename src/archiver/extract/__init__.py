"""Assertions about an article, each with where it came from, and the rule that chooses among them."""
