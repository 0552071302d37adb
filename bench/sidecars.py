"""Sidecars by the hundred thousand, and how fast they are read and validated."""

import json
import time
from collections.abc import Iterable
from hashlib import sha256
from itertools import islice
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "docs/sidecar.example.json"
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def make_sidecars(folder: Path, numbers: Iterable[int]) -> None:
    """A sidecar of a capture of its own for each number, as a file in `folder`.

    They are copies of the documented example, 17 kB each, with ids, addresses and headlines of their own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = EXAMPLE.read_text("utf-8")
    for number in numbers:
        tail = "".join(LETTERS[number >> shift & 31] for shift in range(0, 50, 5))
        identity = f"20261122T140112Z-{tail}"
        content = (
            text.replace("20261122T140112Z-k3v7q2mzpa", identity)
            .replace("hospital-reopens", f"hospital-{number}")
            .replace("приймає хворих", f"приймає хворих № {number}")
            .encode()
        )
        (folder / f"{identity}.r1-{sha256(content).hexdigest()[:12]}.json").write_bytes(content)


def validated_a_second(folder: Path) -> float:
    """Files a second that `archiver validate` reads and finds good, whole run; the folder holds sidecars only."""
    from archiver.validate import validate_files

    begun = time.perf_counter()
    judged = list(validate_files([folder]))
    taken = time.perf_counter() - begun
    assert not any(one.findings for one in judged), next(one.findings for one in judged if one.findings)
    return len(judged) / taken


def jsonschema_a_second(folder: Path, count: int = 100) -> float:
    """Files a second that one process reads and judges by jsonschema alone."""
    from jsonschema import Draft202012Validator

    from archiver import schema

    judging = Draft202012Validator(
        schema.loaded("sidecar", schema.VERSIONS["sidecar"][-1]), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    files = list(islice(folder.glob("sidecars/*.json"), count))
    begun = time.perf_counter()
    assert all(judging.is_valid(json.loads(file.read_bytes())) for file in files)
    return len(files) / (time.perf_counter() - begun)
