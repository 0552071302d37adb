"""The index: the lines of cdxj-indexer, byte for byte, and finding one's way in them."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO

import pytest
from cdxj_indexer.main import main as cdxj_indexer
from hypothesis import given
from hypothesis import strategies as st
from surt import surt

from archiver.cdxj import index_lines, url_key
from archiver.errors import UnreadableInput
from archiver.model import Exchange, Request, Resource, Response
from archiver.warc import DamagedArchive, WarcWriter

STARTED = datetime(2026, 11, 22, 14, 1, 12, 345678, tzinfo=UTC)
MULTIPART = (
    b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n\x00\x01\xff\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="text"\r\n\r\nhello\r\n--XX--\r\n'
)
POSTS = [
    ("application/json", b'{"a":[1,2,{"b":"\xd1\x94"}],"c":null,"a":true}'),
    ("application/json; charset=utf-8", b'{"query":"{ articles { id } }","variables":{"n":20}}'),
    ("application/json", b'{"one":1}\n{"two":2}'),
    ("application/json", b'{"broken":'),
    ("application/x-amf", b"broken"),
    ("application/x-www-form-urlencoded", b"a=1&b=%20x+y%0Aforged&c=" + b"z" * 5000),
    ("application/x-www-form-urlencoded", b"\xff\xfe=1"),
    ("multipart/form-data; boundary=XX", MULTIPART),
    ("multipart/form-data", MULTIPART),
    ("text/plain", b'{"beacon":1}'),
    ("text/plain;charset=UTF-8", b"not json"),
    ("application/octet-stream", bytes(range(256)) * 40),
    ("", b"untyped"),
    ("", b""),
]


def exchange(url, *, method="GET", sent=None, sent_type="", answer=(("Content-Type", "text/html"),), status=200):
    asked = Request(method, (("Content-Type", sent_type),) if sent_type else (), sent)
    return Exchange(url, STARTED, asked, Response(status, "OK", tuple(answer), BytesIO(b"<p>")))


@pytest.fixture
def warc(tmp_path):
    """Write items into a file two folders below the root."""

    def warc(*items):
        path = tmp_path / "2026" / "11" / "one.warc.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            writer = WarcWriter(stream, filename=path.name, info={"fidelity": "entity"})
            for item in items:
                writer.write(item)
        return path

    return warc


def reference(path, root):
    """What cdxj-indexer says of the same file."""
    out = path.with_suffix(".reference")
    cdxj_indexer(["-p", "-s", "--dir-root", str(root), "-o", str(out), str(path)])
    return out.read_bytes()


def test_the_lines_of_cdxj_indexer(warc, tmp_path):
    path = warc(
        exchange("https://www.News.example/b?z=1&A=2#part"),
        exchange("https://news.example/є/\x7f sp ace"),
        exchange("http://news.example:8080/moved", status=301, answer=(("Location", "/b"),)),
        exchange("https://news.example/odd", answer=(("Content-Type", ""),)),
        exchange("https://news.example/latin", answer=(("Content-Type", "text/caf\xe9;x"), ("X", "\xff"))),
        exchange("https://news.example/utf8", answer=(("content-type", "text/\xd1\x94 ; charset=x"),)),
        Resource("view", "https://news.example/b", "image/png", BytesIO(b"png"), STARTED),
    )
    assert "".join(index_lines(path, tmp_path)).encode() == reference(path, tmp_path)
    assert '"filename": "2026/11/one.warc.gz"' in index_lines(path, tmp_path)[0]


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_posts_are_keyed_by_what_they_send(warc, tmp_path, method):
    posts = [
        exchange(f"https://news.example/api/{number}?x=1", method=method, sent=BytesIO(body), sent_type=kind)
        for number, (kind, body) in enumerate(POSTS)
    ]
    path = warc(*posts, exchange("https://news.example/api", method=method), exchange("https://news.example/after"))
    lines = index_lines(path, tmp_path)
    assert "".join(lines).encode() == reference(path, tmp_path)
    assert len(lines) == len(POSTS) + 2
    assert sum("__wb_method=" in line for line in lines) == len(POSTS) + 1


def test_the_command_says_the_same(warc, tmp_path):
    path = warc(
        exchange("https://news.example/"), exchange("https://news.example/a", method="POST", sent=BytesIO(b"x"))
    )
    command = [sys.executable, "-m", "cdxj_indexer.main", "--post-append", "--dir-root", tmp_path, path]
    said = subprocess.run(command, capture_output=True, check=True).stdout
    ordered = subprocess.run(["sort"], input=said, capture_output=True, check=True, env={"LC_ALL": "C"}).stdout
    assert "".join(index_lines(path, tmp_path)).encode() == ordered


def test_hostile_bodies_neither_print_nor_raise(warc, tmp_path, capfd):
    hostile = [
        ("application/x-amf", b"\0\3rubbish"),
        ("application/json", b"[" * 200_000),
        ("multipart/form-data; boundary=XX", b"--XX\r\nno headers"),
        ("application/json", b"\xff\xff"),
    ]
    path = warc(
        *(
            exchange(f"https://news.example/{number}", method="POST", sent=BytesIO(body), sent_type=kind)
            for number, (kind, body) in enumerate(hostile)
        )
    )
    assert len(index_lines(path, tmp_path)) == len(hostile)
    assert capfd.readouterr() == ("", "")


def test_a_cut_file_gives_the_lines_of_what_is_there(warc, tmp_path):
    whole = warc(exchange("https://news.example/a"), exchange("https://news.example/b"))
    lines = index_lines(whole, tmp_path)
    whole.write_bytes(whole.read_bytes()[: int(json.loads(lines[1].split(" ", 2)[2])["offset"]) + 20])
    assert index_lines(whole, tmp_path) == lines[:1]
    whole.write_bytes(b"no archive")
    with pytest.raises(DamagedArchive):
        index_lines(whole, tmp_path)
    with pytest.raises(UnreadableInput):
        index_lines(tmp_path / "none", tmp_path)


def test_url_key():
    assert url_key("https://www.News.example:443/A?b=1#c") == "example,news)/a?b=1"
    assert url_key("urn:view:https://news.example/a") == "urn:view:https://news.example/a"
    assert url_key("http://[bad") != ""


@given(
    st.lists(st.sampled_from(["www", "www2", "news", "a-b", "x0", "com", "-", "é", ""]), min_size=1),
    st.lists(st.sampled_from(["a", "Ab-c_d", "x.html", "..", ".", ".b", "b.", "", "%41", "(A)", "é", "a b", ";s=1"])),
    st.sampled_from(["", "/", "//", "?", "?b=1&a=2", "#f", "\n"]),
    st.sampled_from(
        ["http://", "https://", "HTTP://", "ftp://", "http://u@", "http:", "urn:view:https://", "urn:A:http://"]
    ),
)
def test_every_key_is_the_librarys(labels, segments, end, begin):
    url = begin + ".".join(labels) + "".join(f"/{segment}" for segment in segments) + end
    try:
        expected = surt(url)
    except Exception:  # noqa: BLE001  as `url_key` does
        expected = url
    assert url_key(url) == expected
