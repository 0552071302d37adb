"""Archiver: an archive of the news that stands up as evidence."""

__version__ = "0.1.0"
AGENT = f"archiver/{__version__}"
"""What we are called in ledgers, sidecars, records and reports."""
