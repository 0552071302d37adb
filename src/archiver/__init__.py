"""Archiver: an archive of the news that stands up as evidence."""

__version__ = "0.1.0"
