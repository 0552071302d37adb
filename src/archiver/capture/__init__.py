"""Capturing: from a URL to a committed capture. `page` does one, `run` does many; `outcome` is what became of each."""

from archiver.capture.outcome import Captured
from archiver.capture.page import AGENT, Terms, capture_url
from archiver.capture.run import capture_all

__all__ = ["AGENT", "Captured", "Terms", "capture_all", "capture_url"]
