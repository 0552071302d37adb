"""Sidecars by the hundred thousand, for `validation`."""

from hashlib import sha256
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "docs/sidecar.example.json"


def make_sidecars(folder: Path, count: int) -> int:
    """`count` sidecars, each of a capture of its own, as files in `folder`; returns their bytes.

    They are copies of the documented example, 16 kB each, with ids, addresses, times and headlines of their own.
    """
    folder.mkdir(parents=True)
    total = 0
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    text = EXAMPLE.read_text("utf-8")
    for number in range(count):
        tail = "".join(letters[number >> shift & 31] for shift in range(0, 50, 5))
        identity = f"20261122T{number // 3600 % 24:02}{number // 60 % 60:02}{number % 60:02}Z-{tail}"
        content = (
            text.replace("20261122T140112Z-k3v7q2mzpa", identity)
            .replace("hospital-reopens", f"hospital-{number}")
            .replace("приймає хворих", f"приймає хворих № {number}")
            .encode()
        )
        name = f"{identity}.r1-{sha256(content).hexdigest()[:12]}.json"
        (folder / name).write_bytes(content)
        total += len(content)
    return total
