"""Replay compared with capture: what a page lost on its way into the archive, measured, judged and kept.

`Result` is what a check comes to; `latest` gives the newest one that a collection keeps of a capture.
"""

from archiver.qa.result import FORMAT, Detail, Measure, Picture, Reason, Resource, Result, Verdict
from archiver.qa.storing import latest, picture, results

__all__ = [
    "FORMAT",
    "Detail",
    "Measure",
    "Picture",
    "Reason",
    "Resource",
    "Result",
    "Verdict",
    "latest",
    "picture",
    "results",
]
