"""Capturing: from a URL to a committed capture. `page` does one; `outcome` is what became of each."""

from archiver import AGENT
from archiver.capture.outcome import Captured, nothing, recall
from archiver.capture.page import Terms, capture_url

__all__ = ["AGENT", "Captured", "Terms", "capture_url", "nothing", "recall"]
