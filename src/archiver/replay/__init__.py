"""Replay for researchers: the web app and pywb, each a child process that ends with its parent."""
