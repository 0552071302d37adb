"""Checks of replay as a collection keeps them: each a WARC beside the capture's, entered by one line of the ledger.

A check that was made here is a `validation`. One that a package brought is the word of whoever wrote that: its line is
the `ingestion` of its WARC.
"""

from pathlib import Path

from archiver.errors import UnreadableInput
from archiver.ledger import Event

KIND = "qa"
"""What its WARC is called by (docs/sidecar.md), and the first code of its line."""
MADE, BROUGHT = "validation", "ingestion"
RESULT = "urn:qa:result:"
MOST = 16 << 20
"""Bytes of a result."""
_VERDICTS = {"qa-pass": "pass", "qa-warn": "warn", "qa-fail": "fail"}


def codes(verdict: str, *more: str) -> tuple[str, ...]:
    """The codes of its line."""
    return tuple(dict.fromkeys((KIND, f"qa-{verdict}", *more)))


def verdict_of(event: Event) -> str | None:
    """What a line says a check came to; None where it is of something else."""
    if event.type not in (MADE, BROUGHT) or event.codes[:1] != (KIND,) or not event.capture:
        return None
    return next((_VERDICTS[code] for code in event.codes if code in _VERDICTS), None)


def is_product(path: str) -> bool:
    """Whether it is the path of a check's WARC."""
    return f".{KIND}-" in path.rpartition("/")[2]


def document(file: Path, path: str) -> bytes:
    """The result in a check's WARC, JSON by the schema `qa` as far as it can be trusted; `path` names it in errors.

    Raises `UnreadableInput` where there is none.
    """
    from archiver.warc import read_records  # which most lists need not

    for record in read_records(file):
        if record.type == "metadata" and record.url.startswith(RESULT):
            return record.payload().read(MOST)
    raise UnreadableInput(path, "it holds no QA result")
