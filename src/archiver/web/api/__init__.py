"""The JSON API: its operations, what they answer, and the page that explains it (`/-/api`)."""
