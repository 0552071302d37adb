"""Which documents of a WARC made by others are pages."""

import gzip
import json

import pytest

from archiver.warc import DamagedArchive, find_pages

DATE = "2020-01-02T03:04:05Z"


class Archive:
    """Makes a WARC file, record by record."""

    def __init__(self, path):
        self.path = path
        self.content = b""
        self.count = 0

    def add(self, kind, url, block, headers=""):
        self.count += 1
        head = (
            f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{self.count}>\r\nWARC-Date: {DATE}\r\n"
            f"WARC-Target-URI: {url}\r\n{headers}Content-Length: {len(block.encode())}\r\n\r\n"
        )
        self.content += gzip.compress((head + block + "\r\n\r\n").encode())
        return self

    def answer(self, url, body="<p>", *, status=200, http="Content-Type: text/html", headers="", asked=None):
        self.add("response", url, f"HTTP/1.1 {status} Word\r\n{http}\r\n\r\n{body}", headers)
        if asked is not None:
            concurrent = f"WARC-Concurrent-To: <urn:uuid:{self.count}>\r\n"
            self.add("request", url, f"GET / HTTP/1.1\r\n{asked}\r\n\r\n", concurrent)
        return self

    def pages(self):
        self.path.write_bytes(self.content)
        return list(find_pages(self.path))

    def urls(self):
        return [page.url for page in self.pages()]


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "theirs.warc.gz")


def test_a_page_and_what_is_known_of_it(archive):
    headers = "WARC-IP-Address: 192.0.2.7\r\nWARC-Payload-Digest: sha1:ABC\r\n"
    archive.answer(
        "http://a.example/", "<h1>News", http="Content-Type: Text/HTML; charset=Windows-1251", headers=headers
    )
    (page,) = archive.pages()
    assert (page.url, page.status, page.record_id, page.offset) == ("http://a.example/", 200, "urn:uuid:1", 0)
    assert (page.media_type, page.charset, page.ip) == ("text/html", "windows-1251", "192.0.2.7")
    assert (page.payload_digest, page.date.isoformat()) == ("sha1:ABC", "2020-01-02T03:04:05+00:00")
    assert page.html() == b"<h1>News"
    assert page.html(limit=3) == b"<h1"


def test_what_is_no_page(archive):
    archive.answer(
        "http://a.example/page", "<iframe class=x src='/frame?a=1&amp;b=2'></iframe><frame src=//b.example/f>"
    )
    archive.answer("http://a.example/frame?a=1&b=2").answer("http://b.example/f")
    archive.answer("http://a.example/gone", status=404)
    archive.answer("http://a.example/moved", status=301, http="Content-Type: text/html\r\nLocation: /page")
    archive.answer("http://a.example/picture", http="Content-Type: image/png")
    archive.answer("http://a.example/fragment", asked="X-Requested-With: XMLHttpRequest")
    archive.answer("http://a.example/inner", asked="Sec-Fetch-Dest: iframe")
    archive.answer("http://a.example/fetched", headers="WARC-Resource-Type: fetch\r\n")
    archive.answer(
        "http://a.example/other", asked="Sec-Fetch-Dest: document", headers="WARC-Resource-Type: document\r\n"
    )
    assert archive.urls() == ["http://a.example/page", "http://a.example/other"]


def test_a_request_that_comes_first(archive):
    archive.add("request", "http://a.example/", "GET / HTTP/1.1\r\nSec-Fetch-Dest: embed\r\n\r\n")
    archive.answer("http://a.example/", headers="WARC-Concurrent-To: <urn:uuid:1>\r\n")
    assert archive.urls() == []


def test_named_pages_are_the_pages(archive):
    archive.answer("http://a.example/old", status=302, http="Location: new#part")
    archive.answer("http://a.example/new").answer("http://a.example/unnamed").answer("http://a.example/end")
    archive.answer("http://b.example", status=404)
    for url, document in (
        ("http://a.example/old", {"pageid": "x"}),
        ("http://b.example/", ["no", "object"]),
        ("http://a.example/start", {"final_url": "http://a.example/end"}),
    ):
        archive.add("resource", f"urn:pageinfo:{url}", json.dumps(document), "Content-Type: application/json\r\n")
    assert archive.urls() == ["http://a.example/new", "http://a.example/end", "http://b.example"]


def test_redirects_in_a_circle(archive):
    archive.answer("http://a.example/1", status=302, http="Location: /2")
    archive.answer("http://a.example/2", status=302, http="Location: /1")
    archive.add("resource", "urn:pageinfo:http://a.example/1", "no JSON")
    assert archive.urls() == []


def test_revisits_with_their_body_in_the_file(archive):
    archive.answer("http://a.example/", "<h1>body", headers="WARC-Payload-Digest: sha1:ABC\r\n")
    http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    place = f"WARC-Refers-To-Target-URI: http://a.example/\r\nWARC-Refers-To-Date: {DATE}\r\n"
    archive.add("revisit", "http://a.example/by-place", http, place)
    archive.add("revisit", "http://a.example/by-digest", http, "WARC-Payload-Digest: sha1:ABC\r\n")
    archive.add("revisit", "http://a.example/elsewhere", http, "WARC-Payload-Digest: sha1:XYZ\r\n")
    first, place, digest = archive.pages()
    assert [first.url[-1:], place.url[-5:], digest.url[-6:]] == ["/", "place", "digest"]
    assert {first.body_offset, place.body_offset, digest.body_offset} == {0}
    assert place.offset > 0 and place.record_id == "urn:uuid:2"
    assert [first.type, place.type] == ["response", "revisit"]
    assert place.html() == digest.html() == b"<h1>body"


def test_a_damaged_file_gives_its_good_pages_first(archive):
    archive.answer("http://a.example/1").answer("http://a.example/2")
    archive.path.write_bytes(archive.content[:-20])
    seen = []
    with pytest.raises(DamagedArchive):
        for page in find_pages(archive.path):
            seen.append(page.url)
    assert seen == ["http://a.example/1"]


def test_hostile_addresses_and_many_open_tags(archive):
    archive.answer("http://a.example/", "<iframe src='http://[bad'></iframe>" + "<iframe " * 200_000)
    archive.answer("http://a.example/next", status=200, http="Content-Type: text/html\r\nContent-Encoding: zstd")
    archive.answer("http://[bad/", status=302, http="Location: http://[worse")
    assert archive.urls() == ["http://a.example/", "http://a.example/next"]
