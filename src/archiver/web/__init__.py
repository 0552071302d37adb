"""The researchers' web app: what is in the archive, and the way into replay."""
