"""What libcurl brought, read as a stream."""

import pytest
from botocore.exceptions import IncompleteReadError

from archiver.stores.curl import Piece


@pytest.mark.parametrize("size", [1, 2, 3, 4, 100])
def test_reads_are_as_long_as_asked_for_wherever_the_chunks_end(size):
    piece, found = Piece((b"abc", b"d", b"efgh")), []
    while chunk := piece.read(size):
        found.append(chunk)
    assert b"".join(found) == b"abcdefgh"
    assert {len(chunk) for chunk in found[:-1]} <= {size}
    assert Piece((b"abc", b"d")).read() == b"abcd"


def test_chunks_are_handed_out_as_they_came():
    chunks = (b"abc" * 1000, b"d")
    piece = Piece(chunks)
    assert piece.read1(1 << 20) is chunks[0]
    assert piece.read1(1 << 20) is chunks[1]
    assert piece.read1(1 << 20) == b""


@pytest.mark.parametrize("read", ["read", "read1"])
def test_a_break_is_told_behind_all_that_came(read):
    piece = Piece((b"abc",), broken=True)
    assert getattr(piece, read)(100) == b"abc"
    with pytest.raises(IncompleteReadError):
        getattr(piece, read)(100)
