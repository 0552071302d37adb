"""Packages made by others come in here."""
