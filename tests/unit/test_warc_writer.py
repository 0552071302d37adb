"""What WarcWriter writes, read back by ourselves and by the other tools of the field."""

import gzip
import json
import subprocess
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import BytesIO, StringIO
from types import SimpleNamespace

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from hypothesis import given
from hypothesis import strategies as st
from warcio.checker import Checker

from archiver.model import Exchange, PageInfo, Request, RequestNote, Resource, Response
from archiver.warc import WarcWriter, check, read_records

STARTED = datetime(2026, 11, 22, 14, 1, 12, 345678, tzinfo=UTC)


def exchange(url="https://news.example/a", *, body=b"<p>text", headers=(("Content-Type", "text/html"),), **more):
    status, reason = more.pop("status", 200), more.pop("reason", "OK")
    asked = Request(more.pop("method", "GET"), more.pop("asked", ()), more.pop("sent", None))
    return Exchange(url, STARTED, asked, Response(status, reason, tuple(headers), BytesIO(body)), **more)


def page_info(url="https://news.example/a"):
    notes = (RequestNote(url, "GET", 200, "document", "2026-11-22T14:01:12Z", 0.2, recorded=True),)
    return PageInfo(url, url, STARTED, STARTED, "http", "entity", "ua", ("curl/8",), notes)


@pytest.fixture
def write(tmp_path):
    """Write items to a file; gives its path and the writer."""

    def write(*items, **info):
        path = tmp_path / "one.warc.gz"
        with path.open("wb") as stream:
            writer = WarcWriter(stream, filename=path.name, info=info)
            for item in items:
                writer.write(item)
        return SimpleNamespace(path=path, writer=writer, records=list(kept(path)))

    return write


def kept(path):
    """The records of a file with their bytes."""
    for record in read_records(path):
        body = b"".join(iter(lambda record=record: record.read(1000), b""))
        yield SimpleNamespace(record=record, body=body)


def warcio_accepts(path):
    told = StringIO()
    with redirect_stdout(told):
        code = Checker(SimpleNamespace(inputs=[str(path)], verbose=True)).process_all()
    return code == 0 and "failed" not in told.getvalue()


def test_an_exchange_is_a_response_and_its_request(write):
    item = exchange(body=b"hello", ip="192.0.2.7", protocols=("h2", "tls/1.3"), resource_type="document", role="main")
    done = write(item, fidelity="entity", isPartOf="cap-1")
    info, response, request = (one.record for one in done.records)
    assert [info.type, response.type, request.type] == ["warcinfo", "response", "request"]
    assert response.header("WARC-Date") == "2026-11-22T14:01:12.345678Z" == request.header("WARC-Date")
    assert request.header("WARC-Concurrent-To") == f"<{response.id}>"
    assert [value for name, value in response.headers if name == "WARC-Protocol"] == ["h2", "tls/1.3"]
    assert response.header("WARC-IP-Address") == "192.0.2.7"
    assert response.header("WARC-Resource-Type") == "document"
    assert response.header("WARC-Page-ID") == done.writer.page_id == request.header("WARC-Page-ID")
    assert response.header("WARC-Warcinfo-ID") == f"<{info.id}>"
    assert response.payload_digest == "sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N"
    assert (response.http.first_line, done.records[1].body) == ("HTTP/1.1 200 OK", b"hello")
    assert request.http.first_line == "GET /a HTTP/1.1"
    (ref,) = done.writer.refs
    assert (ref.role, ref.record_id, ref.url, ref.type) == ("main", response.id, item.url, "response")
    assert (ref.payload_digest, ref.date, ref.status) == (response.payload_digest, STARTED, 200)
    assert done.writer.records == 3


def test_warcinfo_says_how_the_file_was_made(write):
    done = write(fidelity="decoded", isPartOf="cap-1", operator="Ю. Архіваріус\r\nforged: yes")
    fields = dict(line.split(": ", 1) for line in done.records[0].body.decode().strip().split("\r\n"))
    assert fields["software"].startswith("archiver/")
    assert fields["format"] == "WARC File Format 1.1"
    assert fields["conformsTo"].endswith("/warc-1.1/")
    assert (fields["fidelity"], fields["isPartOf"]) == ("decoded", "cap-1")
    assert fields["operator"].startswith("Ю. Архіваріус") and "forged" not in fields
    assert done.records[0].record.header("WARC-Filename") == "one.warc.gz"


def test_a_request_body_is_kept_and_its_length_is_honest(write):
    asked = (("Content-Type", "application/json"), ("content-length", "999"), ("Transfer-Encoding", "chunked"))
    request = write(exchange(method="POST", asked=asked, sent=BytesIO(b'{"a":1}'))).records[2]
    assert request.body == b'{"a":1}'
    assert [value for name, value in request.record.http.headers if name.lower() == "content-length"] == ["7"]
    assert request.record.http.get("Transfer-Encoding") is None
    assert request.record.http.get("X-Archive-Orig-Transfer-Encoding") == "chunked"


def test_resources_and_the_page_info(write):
    picture = Resource("view", "https://news.example/a", "image/png", BytesIO(b"\x89PNG"), STARTED)
    done = write(picture, page_info())
    view, info = done.records[1:]
    assert (view.record.type, view.record.url, view.body) == ("resource", "urn:view:https://news.example/a", b"\x89PNG")
    assert view.record.media_type == "image/png"
    assert info.record.url == "urn:pageinfo:https://news.example/a"
    assert json.loads(info.body) == json.loads(json.dumps(page_info().as_json()))
    assert [ref.role for ref in done.writer.refs] == ["view", "pageinfo"]


def test_a_cut_body_is_marked(write):
    done = write(exchange(truncated="length"))
    assert [one.record.header("WARC-Truncated") for one in done.records] == [None, "length", None]


def test_bodies_stay_open_and_at_their_start(write):
    item = exchange(body=b"again")
    write(item)
    assert item.response.body.read() == b"again"


def test_header_bytes_come_back_as_they_were(write):
    headers = (("Server", "café \xff"), ("X-UTF8", "є".encode().decode("latin-1")), ("Set-Cookie", "a=1"))
    headers += (("Set-Cookie", "b=2"), ("X-Empty", ""))
    record = write(exchange(headers=headers)).records[1].record
    assert record.http.headers == headers
    assert b"Server: caf\xe9 \xff\r\n" in record.head_bytes


@pytest.mark.parametrize("poison", ["\r\n", "\n", "\r", "\0", "\r\n\r\n"])
def test_hostile_values_forge_no_header_and_no_record(write, poison):
    forged = f"x{poison}Forged: yes{poison}"
    item = exchange(
        f"https://news.example/{forged}",
        headers=((f"X{forged}", forged),),
        reason=forged,
        ip=forged,
        protocols=(forged,),
        resource_type=forged,
        method=forged,
        asked=((forged, forged),),
    )
    hostile = Resource("text", f"https://news.example/{forged}", f"text/plain{forged}", BytesIO(b"t"), STARTED)
    done = write(item, hostile)
    assert len(done.records) == 4
    for one in done.records:
        assert one.record.header("Forged") is None
        assert one.record.http is None or one.record.http.get("Forged") is None
    assert done.records[1].body == b"<p>text"
    assert warcio_accepts(done.path)


def test_text_is_compressed_and_media_is_stored(write):
    text = write(exchange(body=b"word " * 20_000)).path.stat().st_size
    media = write(exchange(body=b"\xff\xd8" * 50_000, headers=(("Content-Type", "image/jpeg"),))).path.stat().st_size
    coded = write(exchange(body=b"\x1f\x8b" * 50_000, headers=(("Content-Encoding", "gzip"),))).path.stat().st_size
    assert text < 5_000
    assert 100_000 < media < 102_500
    assert 100_000 < coded < 102_500


def test_each_record_is_a_gzip_member(write):
    done = write(exchange(), exchange("https://news.example/b"), page_info())
    content = done.path.read_bytes()
    for one in done.records:
        record = one.record
        member = gzip.decompress(content[record.offset : record.offset + record.length])
        assert member.startswith(b"WARC/1.1\r\n") and member.endswith(b"\r\n\r\n")
    assert done.records[-1].record.offset + done.records[-1].record.length == len(content)


def test_other_tools_accept_the_file(write):
    done = write(exchange(), exchange(body=b"", status=204, reason="No Content", headers=()), page_info())
    assert warcio_accepts(done.path)
    subprocess.run(["gzip", "-t", done.path], check=True)
    subprocess.run([sys.executable, "-m", "warcio.cli", "check", done.path], check=True)
    with done.path.open("rb") as stream:
        fast = list(FastIterator(stream, parse_http=False, func_filter=lambda record: record.verify_block_digest()))
    assert len(fast) == len(done.records)
    with done.path.open("rb") as stream:
        exchanged = [record for record in FastIterator(stream) if record.is_http and record.verify_payload_digest()]
    assert len(exchanged) == 4
    assert [one.code for one in check(done.path)] == ["warc-records"]


names = st.from_regex(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}", fullmatch=True)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=40).map(lambda text: text.strip(" \t"))
header_lists = st.lists(st.tuples(names, values), max_size=8).map(tuple)


@given(headers=header_lists, body=st.binary(max_size=3000), status=st.integers(100, 599))
def test_any_headers_and_body_round_trip(tmp_path_factory, headers, body, status):
    path = tmp_path_factory.mktemp("any") / "any.warc.gz"
    with path.open("wb") as stream:
        WarcWriter(stream, filename="any", info={}).write(exchange(headers=headers, body=body, status=status))
    _, response, _ = kept(path)
    assert response.record.http.headers == headers
    assert response.body == body
    assert response.record.status == status


anything = st.text(st.characters(codec=None), max_size=30)
items = st.one_of(
    st.builds(
        exchange,
        anything.map(lambda path: f"https://news.example/{path}"),
        body=st.binary(max_size=500),
        headers=st.lists(st.tuples(anything, anything), max_size=4),
        asked=st.lists(st.tuples(anything, anything), max_size=3).map(tuple),
        method=st.sampled_from(["GET", "POST", "PUT", "x y", ""]),
        sent=st.one_of(st.none(), st.binary(max_size=100).map(BytesIO)),
        reason=anything,
        ip=st.one_of(st.none(), anything),
        protocols=st.lists(anything, max_size=2).map(tuple),
    ),
    st.builds(
        lambda body, kind: Resource("text", "https://news.example/", kind, BytesIO(body), STARTED),
        st.binary(max_size=300),
        anything,
    ),
    st.builds(lambda path: page_info(f"https://news.example/{path}"), anything),
)


@given(st.lists(items, max_size=4))
def test_any_list_of_items_makes_a_file_that_checks(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("list") / "list.warc.gz"
    with path.open("wb") as stream:
        writer = WarcWriter(stream, filename="list", info={})
        for item in written:
            writer.write(item)
    assert warcio_accepts(path)
    assert [one for one in check(path) if one.level != "info"] == []
    assert sum(1 for _ in read_records(path)) == writer.records


def test_heads_in_their_own_bytes_are_written_as_they_are_unless_a_secret_was_taken_out(write):
    head = b"HTTP/1.0 200 Quite  Fine\nset-cookie:   token=secret \nX-A: \xff\n\n"
    asked = b"GET /a?key=secret HTTP/1.1\r\nHost:  news.example\r\n\r\n"
    url, cookie, note, host = (
        "https://news.example/a?key=secret",
        "token=secret",
        ("X-A", "\xff"),
        ("Host", "news.example"),
    )

    def item(url: str, cookie: str) -> Exchange:
        answer = Response(200, "Quite  Fine", (("set-cookie", cookie), note), BytesIO(b"ok"), head=head)
        return Exchange(url, STARTED, Request("GET", (host,), None, head=asked), answer)

    found = write(item(url, cookie)).records
    assert [one.record.head_bytes + one.body for one in found[1:]] == [head + b"ok", asked]
    for told in (item(url, "token=…"), item("https://news.example/a?key=…", "token=…")):
        response, request = write(told).records[1:]
        assert b"secret" not in response.record.head_bytes
        assert (b"secret" in request.record.head_bytes) == ("secret" in told.url)
