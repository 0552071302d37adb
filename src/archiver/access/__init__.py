"""Who may see what: the rules that archivists set, and what they come to for a reader."""

from archiver.access.reader import Reader

__all__ = ["Reader"]
