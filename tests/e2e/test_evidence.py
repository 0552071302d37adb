"""What a capture proves of how it was made: connections, certificates, clocks, and every request."""

import hashlib
import json
import ssl
from collections import Counter
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from warcio.archiveiterator import ArchiveIterator

from archiver import schema
from archiver.engines.ciphers import BY_NUMBER

pytestmark = pytest.mark.browser


@pytest.fixture
def capture(archiver, newsroom, reach):
    """Capture a page; gives its sidecar, and the records of its WARC as (headers, HTTP headers, payload)."""

    def capture(url, engine):
        newsroom.clear_log()
        done = archiver("capture", url, *reach, "--engine", engine, "--json")
        (line,) = done.lines
        folder = archiver.root / "default"
        sidecar = json.loads((folder / line["sidecar"]).read_bytes())
        with (folder / line["warc"]).open("rb") as stream:
            found = [
                (one.rec_headers, one.http_headers, one.content_stream().read()) for one in ArchiveIterator(stream)
            ]
        return sidecar, found

    return capture


def of_type(records, kind):
    return [(headers, body) for headers, _, body in records if headers["WARC-Type"] == kind]


def log_of(records):
    (body,) = (
        body for headers, body in of_type(records, "resource") if headers["WARC-Target-URI"].startswith("urn:pageinfo:")
    )
    return json.loads(body)


@pytest.mark.parametrize("engine", ["browser", "http"])
def test_connections_and_certificates_are_told_as_they_were(capture, newsroom, engine):
    sidecar, records = capture(newsroom.article, engine)
    answers = [*of_type(records, "response"), *of_type(records, "revisit"), *of_type(records, "request")]
    assert len(answers) > 20
    for headers, _ in answers:
        assert headers["WARC-IP-Address"] == "127.0.0.1"
        assert headers["WARC-Cipher-Suite"] in BY_NUMBER.values()
        assert [value for name, value in headers.headers if name == "WARC-Protocol"][-1] == "tls/1.3"

    place = urlsplit(newsroom.article)
    theirs = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", place.port)))
    used = {urlsplit(h["WARC-Target-URI"]).netloc for h, _ in answers if h["WARC-Target-URI"].startswith("https:")}
    chains = {
        headers["WARC-Target-URI"]: x509.load_pem_x509_certificates(body)
        for headers, body in of_type(records, "resource")
        if headers["WARC-Target-URI"].startswith("urn:certificates:")
    }
    assert set(chains) == {f"urn:certificates:https://{netloc}/" for netloc in used}
    assert {chain[0].public_bytes(Encoding.DER) for chain in chains.values()} == {theirs}
    assert len(sidecar["warc"]["records"]["certificates"]) == len(used)

    told = sidecar["capture"]
    own = x509.load_der_x509_certificate(theirs)
    assert told["tls"]["certificate_sha256"] == told["tls"]["chain"][0] == hashlib.sha256(theirs).hexdigest()
    assert (told["tls"]["subject"], told["tls"]["issuer"]) == (
        own.subject.rfc4514_string(),
        own.issuer.rfc4514_string(),
    )
    assert told["tls"]["protocol"] == "TLS 1.3" and told["tls"]["key_exchange"].lower() == "x25519"
    assert told["client"]["ip"] == "127.0.0.1"
    assert told["clock"]["server_offset_seconds"] in (0, -1)
    software = {one["name"]: one.get("version") for one in told["agents"]}
    assert {"archiver", "Python", "warcio", "isal"} <= set(software) and all(software.values())
    assert {"browser": "Chromium", "http": "PycURL"}[engine] in software
    assert schema.problems(sidecar, "sidecar") == []


def test_of_plain_http_no_tls_is_told(capture, newsroom):
    sidecar, records = capture(newsroom.trick("doubles", "http"), "browser")
    assert "tls" not in sidecar["capture"] and "certificates" not in sidecar["warc"]["records"]
    assert {headers["WARC-Cipher-Suite"] for headers, _ in of_type(records, "response")} == {None}


def test_every_request_of_a_page_is_in_its_log(capture, newsroom):
    _, records = capture(newsroom.trick("unusual"), "browser")
    lines = log_of(records)["requests"]
    asked = Counter((line["method"], line["url"]) for line in lines)
    served = Counter((one.method, one.url) for one in newsroom.log())
    assert len(served) >= 6 and served - asked == Counter()
    by_path = {(line["method"], urlsplit(line["url"]).path.removeprefix("/unusual/")): line for line in lines}

    asked_by_api = (("OPTIONS", "/comments"), ("POST", "/comments"))
    for who in (("GET", "from-worker"), ("POST", "beacon"), ("GET", "worker.js"), *asked_by_api):
        assert by_path[who]["recorded"], who
    assert by_path["GET", "/favicon.ico"]["status"] == 404
    assert by_path["POST", "/comments"]["initiator"] == newsroom.trick("unusual")
    socket = by_path["GET", "socket"]
    assert (socket["type"], socket["recorded"], bool(socket["why"])) == ("websocket", False, True)
    closed = by_path["GET", "/closed"]
    assert (closed["recorded"], closed["served"], closed["status"]) == (False, False, None) and closed["why"]
    given_up = by_path["GET", "slow"]
    assert given_up["recorded"] or given_up["why"]

    kept = {headers["WARC-Record-ID"].strip("<>"): (headers, body) for headers, _, body in records}
    for line in lines:
        assert line["recorded"] == ("record" in line), line
        if line["recorded"]:
            headers, body = kept[line["record"]]
            assert headers["WARC-Target-URI"] == line["url"]
            assert headers["WARC-Type"] == "revisit" or len(body) == line["bytes"]
            assert line["ip"] == "127.0.0.1" and line["protocols"][-1] == "tls/1.3"
