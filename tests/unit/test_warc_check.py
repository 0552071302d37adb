"""`check` sees what is wrong with a file, also where warcio and FastWARC do not, and nothing that is not."""

import base64
import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import UnreadableInput
from archiver.warc import check
from archiver.warc.digests import Digest, UnknownDigest, parse_digest

BODY = b"the article"
CHUNKED = b"b\r\n" + BODY + b"\r\n0\r\n\r\n"


def b32(content, algorithm="sha1"):
    return base64.b32encode(hashlib.new(algorithm, content).digest()).decode()


def record(body=BODY, http="", *, number=1, kind="response", headers="", digests=None, end=b"\r\n\r\n"):
    block = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{http}\r\n".encode() + body
    if digests is None:
        digests = f"WARC-Payload-Digest: sha1:{b32(body)}\r\nWARC-Block-Digest: sha1:{b32(block)}\r\n"
    head = (
        f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{number}>\r\nWARC-Date: 2020-01-02T03:04:05Z\r\n"
        f"WARC-Target-URI: http://example.com/\r\n{headers}{digests}Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + end


@pytest.fixture
def codes(tmp_path):
    """The codes of the findings about some content, without the count of records."""

    def codes(*contents):
        path = tmp_path / "a.warc.gz"
        path.write_bytes(b"".join(gzip.compress(content) for content in contents))
        *findings, count = check(path)
        assert count.code == "warc-records"
        return [(one.level, one.code) for one in findings]

    return codes


def test_a_good_file(codes):
    assert codes(record(), record(number=2)) == []


def test_it_counts(tmp_path):
    path = tmp_path / "a.warc"
    path.write_bytes(record() + record(number=2))
    (count,) = check(path)
    assert count.message.startswith("2 records")


def test_no_file(tmp_path):
    with pytest.raises(UnreadableInput):
        list(check(tmp_path / "none"))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5", "sha512"])
@pytest.mark.parametrize("encode", [base64.b32encode, base64.b16encode, base64.b64encode, base64.urlsafe_b64encode])
def test_digests_in_every_spelling(codes, algorithm, encode):
    digest = encode(hashlib.new(algorithm, BODY).digest()).decode()
    for spelled in (digest, digest.lower(), digest.rstrip("=")):
        if spelled.islower() and encode in (base64.b64encode, base64.urlsafe_b64encode):
            continue
        assert codes(record(digests=f"WARC-Payload-Digest: {algorithm}:{spelled}\r\n")) == []
    wrong = encode(hashlib.new(algorithm, b"other").digest()).decode()
    assert codes(record(digests=f"WARC-Payload-Digest: {algorithm}:{wrong}\r\n")) == [("error", "warc-digest")]


def test_a_digest_that_cannot_be_one_is_wrong(codes):
    assert codes(record(digests="WARC-Block-Digest: sha1:111\r\n")) == [("error", "warc-digest")]


def test_unknown_and_missing_digests_are_warnings(codes):
    found = codes(record(digests="WARC-Block-Digest: crc9:AAAA\r\n"), record(digests="", number=2))
    assert found == [("warning", "warc-unknown-digest"), ("warning", "warc-no-digest")]


@given(st.data())
def test_a_change_in_the_block_is_always_seen(tmp_path_factory, data):
    content = bytearray(record())
    at = data.draw(st.integers(content.index(b"HTTP/1.1"), len(content) - 5))
    content[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("change") / "a.warc"
    path.write_bytes(content)
    assert "warc-digest" in {one.code for one in check(path) if one.level == "error"}


def test_both_readings_of_a_chunked_payload_are_accepted(codes):
    http = "Transfer-Encoding: chunked\r\n"
    assert codes(record(CHUNKED, http, digests=f"WARC-Payload-Digest: sha1:{b32(BODY)}\r\n")) == []
    assert codes(record(CHUNKED, http)) == [("info", "warc-stored-digest")]
    wrong = f"WARC-Payload-Digest: sha1:{b32(b'other')}\r\n"
    assert codes(record(CHUNKED, http, digests=wrong)) == [("error", "warc-digest")]


@pytest.mark.parametrize("body", [BODY, CHUNKED[:-3], CHUNKED.replace(b"b\r\n", b"a\r\n", 1)])
def test_wrong_chunks(codes, body):
    assert codes(record(body, "Transfer-Encoding: chunked\r\n")) == [("warning", "warc-chunks")]


def test_the_payload_of_a_revisit_is_elsewhere(codes):
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    digests = f"WARC-Payload-Digest: sha1:{b32(BODY)}\r\nWARC-Block-Digest: sha1:{b32(block)}\r\n"
    assert codes(record(b"", kind="revisit", digests=digests)) == []


def test_fields_that_must_be_there(codes):
    block = record().split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n\r\n")
    good = record(digests=f"WARC-Block-Digest: sha1:{b32(block)}\r\n").decode()
    for name in ("WARC-Type", "WARC-Record-ID", "WARC-Date"):
        without = "\r\n".join(line for line in good.split("\r\n") if not line.startswith(f"{name}:"))
        assert codes(without.encode()) == [("error", "warc-field")]
    assert codes(good.replace("2020-01-02T", "2020-13-02T").encode()) == [("error", "warc-field")]


def test_an_id_is_there_once(codes):
    assert codes(record(), record()) == [("error", "warc-duplicate-id")]


def test_line_ends(codes):
    assert codes(record(end=b"\r\n"), record(end=b"", number=2)) == [("warning", "warc-end")]


def test_structure(codes, tmp_path):
    assert codes(record() + record(number=2)) == [("error", "warc-damaged")]
    assert codes(record(), b"rubbish") == [("error", "warc-damaged")]
    path = tmp_path / "cut.warc.gz"
    path.write_bytes(gzip.compress(record()) + gzip.compress(record(number=2))[:-9])
    assert [one.code for one in check(path)] == ["warc-damaged", "warc-records"]


@given(st.binary(min_size=20, max_size=20))
def test_a_digest_reads_the_same_in_all_encodings(value):
    for encode in (base64.b16encode, base64.b32encode, base64.b64encode):
        assert parse_digest(f"sha1:{encode(value).decode()}") == Digest("sha1", value)


def test_a_digest_without_a_label():
    with pytest.raises(UnknownDigest):
        parse_digest("2jmj7l5rSw0yVb/vlWAYkK/YBwk=")
