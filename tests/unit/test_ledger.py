"""The ledger: chain, commit, and what damage or a kill looks like."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import ledger
from archiver.errors import ConflictError, UnreadableInput
from archiver.ledger import Chain, Event
from archiver.model import FileRef

WRITER = "abcdefghij"
FILE = FileRef("archive/a.warc.gz", 7, "0" * 64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def event(number: int = 0) -> Event:
    return Event("capture", "archiver/1", (FILE,), f"capture-{number}")


def test_events_come_back_in_order_across_segments(folder, monkeypatch):
    monkeypatch.setattr("archiver.ledger.chain.SEAL_LINES", 4)
    for number in range(10):
        Chain(folder, WRITER).append(event(number))
    segments = list(ledger.read_segments(folder))
    assert [one.capture for segment in segments for one in segment.events] == [f"capture-{n}" for n in range(10)]
    assert [segment.seq for segment in segments] == [1, 2, 3, 4]
    assert [segment.previous for segment in segments[1:]] == [segment.sha256 for segment in segments[:-1]]


def test_a_sealed_segment_carries_its_own_digest_in_its_name(folder):
    Chain(folder, WRITER).append(event())
    sealed = Chain(folder, WRITER).seal()
    assert sealed is not None
    assert sealed.name == ledger.parse_segment(sealed.read_bytes(), "x").name
    assert not (folder / WRITER / ledger.OPEN).exists()
    assert Chain(folder, WRITER).seal() is None


def test_a_segment_names_the_newest_segment_of_every_other_writer(folder):
    Chain(folder, WRITER).append(event())
    sealed = Chain(folder, WRITER).seal()
    Chain(folder, "klmnopqrst").append(event())
    own = [segment for segment in ledger.read_segments(folder) if segment.writer == "klmnopqrst"]
    assert own[0].seen == {WRITER: sealed.name}


def test_a_partial_line_does_not_count_and_is_overwritten(folder):
    Chain(folder, WRITER).append(event(1))
    path = folder / WRITER / ledger.OPEN
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"at":"2026-')
    assert [len(segment.events) for segment in ledger.read_segments(folder)] == [1]
    Chain(folder, WRITER).append(event(2))
    assert path.read_bytes().startswith(whole)
    assert [len(segment.events) for segment in ledger.read_segments(folder)] == [2]


def test_a_line_beyond_the_head_counts(folder):
    """A kill between the line's fsync and the head's rename: the line is the commit."""
    Chain(folder, WRITER).append(event(1))
    head = (folder / WRITER / ledger.HEAD).read_bytes()
    Chain(folder, WRITER).append(event(2))
    (folder / WRITER / ledger.HEAD).write_bytes(head)
    Chain(folder, WRITER).append(event(3))
    assert [len(segment.events) for segment in ledger.read_segments(folder)] == [3]


def test_kills_before_the_first_head_and_before_the_second_do_no_harm(folder, monkeypatch):
    write = Chain._write_head
    for most in (0, 1):  # killed before a head that counts more lines

        def killed(chain, lines, sha256, most=most):
            if lines > most:
                raise KeyboardInterrupt
            write(chain, lines, sha256)

        monkeypatch.setattr(Chain, "_write_head", killed)
        with pytest.raises(KeyboardInterrupt):
            Chain(folder, WRITER).append(event())
    monkeypatch.undo()
    Chain(folder, WRITER).append(event())
    assert [len(segment.events) for segment in ledger.read_segments(folder)] == [2]


@pytest.mark.parametrize("damage", ["cut", "flip", "headless"])
def test_appending_refuses_to_go_on_from_damage(folder, damage):
    for number in range(3):
        Chain(folder, WRITER).append(event(number))
    path = folder / WRITER / ledger.OPEN
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(b"".join(content.splitlines(keepends=True)[:-1]))
    elif damage == "flip":
        path.write_bytes(content.replace(b"capture-1", b"capture-9"))
    else:
        (folder / WRITER / ledger.HEAD).unlink()
    before = path.read_bytes()
    with pytest.raises(ConflictError):
        Chain(folder, WRITER).append(event(4))
    assert path.read_bytes() == before


def test_lines_are_canonical_and_hold_no_free_text():
    line = json.loads(event().as_line())
    assert list(line) == sorted(line)
    assert set(line) <= {"at", "type", "agent", "outcome", "objects", "capture", "codes"}


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_one_sentence(content):
    try:
        ledger.parse_segment(content, "here")
    except UnreadableInput as error:
        assert str(error).startswith("here")
