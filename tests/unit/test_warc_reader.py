"""Reading: WARC of all versions and ARC, plain and gzipped, whole and broken, kind and hostile."""

import gzip
import sys
import tracemalloc
import zlib
from datetime import UTC, datetime

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import UnreadableInput
from archiver.warc import DamagedArchive, check, framing, open_record, read_records
from archiver.warc.http import parse_head

ARC_FIELDS = b"1 0 Someone\nURL IP-address Archive-date Content-type Archive-length\n"
ARC_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>arc!"
ARC = (
    b"filedesc://one.arc 0.0.0.0 20140216050221 text/plain %d\n%b\n" % (len(ARC_FIELDS), ARC_FIELDS),
    b"http://example.com/a b 93.184.216.119 20140216050222 text/html %d\n%b\n" % (len(ARC_PAGE), ARC_PAGE),
)


def record(body=b"<p>hi", http=b"Content-Type: text/html; charset=UTF-8", *, version=b"1.1", short=0):
    block = b"HTTP/1.1 200 OK\r\n" + http + b"\r\n\r\n" + body
    return (
        b"WARC/%b\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:%d>\r\nWARC-Date: 2020-01-02T03:04:05Z\r\n"
        b"WARC-Target-URI: http://example.com/\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n"
        % (version, len(body), len(block) - short, block)
    )


@pytest.fixture
def archive(tmp_path):
    def archive(content, name="a.warc"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return archive


def bodies(path):
    return [one.payload().read() for one in read_records(path)]


def error_of(path):
    with pytest.raises(DamagedArchive) as caught:
        for _ in read_records(path):
            pass
    return caught.value


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_where_the_file_is_cut_into_pieces_to_be_read_does_not_matter(archive, monkeypatch, pack):
    path = archive(pack(record(b"one")) + pack(record(b"two!")))
    for size in range(1, path.stat().st_size):
        monkeypatch.setattr(framing, "CHUNK", size)
        assert bodies(path) == [b"one", b"two!"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_plain_header_lines_need_no_library_wherever_they_are_cut(archive, monkeypatch, pack):
    path = archive(pack(record(b"one")) + pack(record(b"two!")))
    monkeypatch.setitem(sys.modules, "warcio.recordloader", None)
    for size in (1, 7, 100, 1000):
        monkeypatch.setattr(framing, "CHUNK", size)
        assert bodies(path) == [b"one", b"two!"]


@pytest.mark.parametrize("version", [b"0.17", b"0.18", b"1.0", b"1.1"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_every_version_plain_and_gzipped(archive, version, pack):
    path = archive(pack(record(b"one", version=version)) + pack(record(b"two!", version=version)))
    first, second = [
        (one.offset, one.length, one.status, one.date, one.media_type, one.charset) for one in read_records(path)
    ]
    assert first[2:] == (200, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), "text/html", "utf-8")
    assert bodies(path) == [b"one", b"two!"]
    with open_record(path, second[0]) as again:
        assert again.payload().read() == b"two!"
    trailer = 4 if pack is bytes else 0
    assert first[1] + trailer == second[0]
    assert second[0] + second[1] + trailer == path.stat().st_size


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_arc(archive, pack):
    path = archive(pack(ARC[0]) + pack(ARC[1]))
    info, page = [(one.type, one.url, one.id, one.status, one.payload().read()) for one in read_records(path)]
    assert info[0] == "warcinfo"
    assert page == ("response", "http://example.com/a%20b", "", 200, b"<p>arc!")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><p>no archive",
        b"a b c d e\n" * 9,
        gzip.compress(b"not a WARC", mtime=0),
        b"PK\3\4" + bytes(99),
    ],
)
def test_other_files_end_in_one_sentence(archive, content):
    error = error_of(archive(content))
    assert error.offset == 0
    assert str(error).count("\n") == 0 and str(error).endswith(".")


def test_no_file(tmp_path):
    for path in (tmp_path / "none.warc.gz", tmp_path):
        with pytest.raises(UnreadableInput):
            list(read_records(path))


def test_a_file_compressed_as_a_whole(archive):
    error = error_of(archive(gzip.compress(record() + record())))
    assert "warcio recompress" in str(error) and not error.cut


@given(st.data())
def test_a_cut_file_is_always_seen(tmp_path_factory, data):
    pack = data.draw(st.sampled_from([bytes, gzip.compress]))
    members = [pack(record(b"1" * 50)), pack(record(b"2" * 90))]
    whole = b"".join(members)
    # The line ends behind the last block of a plain file are not its content: their absence is a warning of `check`.
    at = data.draw(st.integers(1, len(whole) - (5 if pack is bytes else 1)).filter(lambda at: at != len(members[0])))
    path = tmp_path_factory.mktemp("cut") / "cut.warc"
    path.write_bytes(whole[:at])
    levels = {one.level for one in check(path)}
    assert "error" in levels or (pack is bytes and len(members[0]) - 4 <= at < len(members[0]) and "warning" in levels)


@given(st.data())
def test_a_flipped_bit_in_a_gzip_member_is_always_seen(tmp_path_factory, data):
    good = gzip.compress(record(b"good"), mtime=0)
    content = bytearray(good + gzip.compress(record(b"also good" * 9), mtime=0))
    at = data.draw(st.integers(0, len(content) - 1).filter(lambda at: at % len(good) not in (4, 5, 6, 7, 8, 9)))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.mktemp("flip") / "flip.warc.gz"
    path.write_bytes(content)
    seen, damage = [], None
    try:
        for one in read_records(path):
            body = one.payload().read()
            assert one.length
            seen.append(body)
    except DamagedArchive as error:
        damage = error
    # A few header bits (operating system, hints) carry nothing: then all must have been read.
    assert damage or seen == [b"good", b"also good" * 9]
    assert seen[:1] == ([b"good"] if at >= len(good) or not damage else [])


def test_what_comes_before_the_damage_is_read(archive):
    path = archive(gzip.compress(record(b"good")) + b"rubbish")
    seen = []
    with pytest.raises(DamagedArchive) as caught:
        for one in read_records(path):
            seen.append(one.payload().read())
    assert seen == [b"good"]
    assert caught.value.offset == len(gzip.compress(record(b"good")))


def test_a_wrong_length_in_a_plain_file(archive):
    path = archive(record(b"too long", short=2) + record(b"next"))
    seen = []
    with pytest.raises(DamagedArchive, match="Content-Length is wrong"):
        for one in read_records(path):
            seen.append(one.payload().read())
    assert seen == [b"too lo", b"next"]


@pytest.mark.parametrize("length", [b"-1", b"abc", b"9" * 30, b"1e3"])
def test_a_senseless_length(archive, length):
    assert "Content-Length" in str(
        error_of(archive(b"WARC/1.0\r\nWARC-Type: x\r\nContent-Length: %b\r\n\r\n" % length))
    )


@pytest.mark.parametrize(
    "content",
    [
        b"WARC/1.0\r\nX: " + b"a" * (2 << 20) + b"\r\n\r\n",
        b"WARC/1.0\r\n" + b"X: %b\r\n" % (b"a" * 1000) * 5000 + b"\r\n",
        record(http=b"X: " + b"a" * (2 << 20)),
        record(http=b"X: 1\r\n" * 1_000_000),
    ],
)
def test_huge_headers_are_refused(archive, content):
    assert "larger than any real one" in str(error_of(archive(gzip.compress(content))))


def chunked(*pieces):
    return b"".join(b"%x;note=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


TEXT = b" ".join(b"%x" % (number * number * 2654435761 % 99991) for number in range(60_000))


def raw_deflate(body):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("http", "body"),
    [
        (b"Transfer-Encoding: chunked", chunked(TEXT[:7], TEXT[7:])),
        (b"Content-Encoding: gzip", gzip.compress(TEXT, mtime=0)),
        (b"Content-Encoding: x-gzip", gzip.compress(TEXT[:99], mtime=0) + gzip.compress(TEXT[99:], mtime=0)),
        (b"Content-Encoding: deflate", zlib.compress(TEXT)),
        (b"Content-Encoding: deflate", raw_deflate(TEXT)),
        (b"Content-Encoding: br", brotli.compress(TEXT)),
        (b"Content-Encoding: gzip, br", brotli.compress(gzip.compress(TEXT, mtime=0))),
        (b"Transfer-Encoding: Chunked\r\ncontent-encoding: GZIP", chunked(gzip.compress(TEXT, mtime=0))),
        (b"Content-Encoding: identity", TEXT),
        (b"Content-Encoding: gzip", TEXT),
        (b"Content-Encoding: br", TEXT),
        (b"Transfer-Encoding: chunked", TEXT),
        (b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip", gzip.compress(TEXT, mtime=0)),
    ],
)
def test_bodies_are_decoded_whole(archive, http, body):
    assert bodies(archive(gzip.compress(record(body, http)))) == [TEXT]


CODINGS = {"gzip": gzip.compress, "br": brotli.compress, "deflate": raw_deflate}


@given(st.sampled_from(sorted(CODINGS)), st.integers(0, 400_000), st.binary(min_size=1, max_size=300))
def test_bodies_of_any_length_are_decoded_whole(tmp_path_factory, coding, size, pattern):
    body = (pattern * (size // len(pattern) + 1))[:size]
    path = tmp_path_factory.mktemp("coded") / "a.warc"
    path.write_bytes(record(CODINGS[coding](body), b"Content-Encoding: " + coding.encode()))
    assert bodies(path) == [body]


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=6), st.booleans())
def test_any_chunks_come_off(tmp_path_factory, pieces, packed):
    path = tmp_path_factory.mktemp("chunks") / "a.warc"
    content = record(chunked(*pieces), b"Transfer-Encoding: chunked")
    path.write_bytes(gzip.compress(content) if packed else content)
    assert bodies(path) == [b"".join(pieces)]


@pytest.mark.parametrize("cut", [b"5\r\nabcde", b"ff\r\nabcde", b"5\r\nabcde\r\n"])
def test_chunks_that_break_off(archive, cut):
    assert bodies(archive(record(cut, b"Transfer-Encoding: chunked"))) == [b"abcde"]


def test_unknown_and_broken_codings_are_typed_errors(archive):
    broken = bytearray(gzip.compress(bytes(range(256)) * 1000, 1))
    broken[-5] ^= 1
    for http, body in (
        (b"Content-Encoding: zstd", b"x"),
        (b"Content-Encoding: gzip", bytes(broken)),
        (b"Content-Encoding: " + b"gzip, " * 10_000, b"x"),
    ):
        path = archive(record(body, http))
        with open_record(path, 0) as one, pytest.raises(UnreadableInput):
            one.payload().read()


@pytest.mark.parametrize(
    ("coding", "pack"), [(b"gzip", gzip.compress), (b"br", lambda body: brotli.compress(body, quality=3))]
)
def test_bombs_stay_in_their_box(archive, coding, pack):
    path = archive(gzip.compress(record(pack(bytes(40 << 20)), b"Content-Encoding: " + coding)))
    tracemalloc.start()
    with open_record(path, 0) as one, pytest.raises(UnreadableInput, match="unpacks to more than"):
        stream = one.payload(limit=30 << 20)
        while stream.read(1 << 16):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_gzip_bomb_behind_a_record_is_not_unpacked_for_nothing(archive):
    path = archive(gzip.compress(record() + b"\n" * (20 << 20)))
    assert "goes on behind its record" in str(error_of(path))


@given(
    st.lists(
        st.tuples(
            st.text("aZ-_9", min_size=1), st.text("aé:; \t<", max_size=8), st.sampled_from(["\r\n", "\n", "\r\n "])
        )
    )
)
def test_a_plain_head_reads_as_any_other(lines):
    """The short way says what the long one says, which a line without a colon makes it take."""
    head = "".join(f"{name}: {value}{end}" for name, value, end in lines).encode("latin-1")
    first = b"HTTP/1.1 200 OK\r\n"
    assert parse_head(first + head + b"\r\n") == parse_head(first + b"no colon\r\n" + head + b"\r\n")
