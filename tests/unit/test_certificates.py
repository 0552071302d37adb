"""Certificates as they are kept and told, and the circumstances of a capture."""

import hashlib
import io
import os
import platform
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from archiver.capture.circumstances import circumstances
from archiver.engines import ciphers
from archiver.engines.certificates import facts, origin_of, pem, records
from archiver.engines.http.handshake import PLAIN, REMEMBERED, Handshake, Handshakes, read_handshake
from archiver.model import Exchange, Request, Response

AT = datetime(2026, 11, 22, 14, 1, 12, 345678, UTC)


@pytest.fixture(scope="module")
def chain():
    authority = trustme.CA(organization_name="Lantern, Trust\n& Sons")
    own = authority.issue_cert("news.localhost").cert_chain_pems[0].bytes().decode()
    return ssl.PEM_cert_to_DER_cert(own), ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())


def test_a_chain_is_kept_as_pem_with_a_line_that_says_whose_each_is(chain):
    text = pem(chain).decode()
    read = [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(text.encode())]
    assert read == list(chain)
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert [line.rpartition(" ")[2] for line in comments] == [hashlib.sha256(der).hexdigest() for der in chain]
    assert "O=Lantern\\, Trust" in comments[0]


def test_a_record_for_each_origin_that_showed_a_chain(chain):
    (only,) = records({"https://news.example:443": chain, "https://none.example:443": ()})
    assert (only.url, only.media_type) == ("urn:certificates:https://news.example:443/", "application/x-pem-file")
    with only.body:
        assert only.body.read() == pem(chain)


def test_the_facts_of_a_connection(chain):
    told = facts(chain, "tls/1.3", "TLS_AES_128_GCM_SHA256", "X25519")
    own = x509.load_der_x509_certificate(chain[0])
    assert told["subject"] == own.subject.rfc4514_string() and told["issuer"] == own.issuer.rfc4514_string()
    assert told["valid_from"] == "2000-01-01T00:00:00Z"
    assert told["chain"] == [hashlib.sha256(der).hexdigest() for der in chain]
    assert told["certificate_sha256"] == told["chain"][0]
    assert (told["protocol"], told["cipher"], told["key_exchange"]) == ("TLS 1.3", "TLS_AES_128_GCM_SHA256", "X25519")
    assert facts((), "", "", "") == {}


@given(st.lists(st.binary(max_size=60), max_size=3))
def test_certificates_that_are_none_are_kept_and_told_by_their_digest(junk):
    assert pem(tuple(junk)).count(b"BEGIN CERTIFICATE") == len(junk)
    assert facts(tuple(junk), "", "", "").keys() <= {"certificate_sha256", "chain"}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://news.example/a", "https://news.example:443"),
        ("wss://news.example:8443/a", "https://news.example:8443"),
        ("https://[::1]:44/", "https://[::1]:44"),
    ],
)
def test_origins(url, origin):
    assert origin_of(url) == origin


def test_what_curl_tells_of_a_handshake(chain):
    certificates = [[("Subject", "x"), ("Cert", ssl.DER_cert_to_PEM_cert(der))] for der in chain]
    note = b"SSL connection using TLSv1.2 / ECDHE-RSA-AES256-GCM-SHA384 / x25519 / RSASSA-PSS\n"
    told = read_handshake(note, certificates)
    assert told == Handshake("tls/1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "x25519", chain)
    assert read_handshake(b"SSL connection using TLSv1.3 / NEW-SUITE\n", []) == Handshake("tls/1.3", "", "", ())
    assert read_handshake(b"ALPN: server accepted h2\n", certificates) is PLAIN


def test_handshakes_in_use_are_remembered_and_others_forgotten():
    known = Handshakes()
    for number in range(REMEMBERED * 2):
        known.add(number, Handshake(str(number)))
        assert known.of(0).tls == "0"
    assert known.of(1) is PLAIN and known.of(REMEMBERED * 2 - 1).tls


def test_openssl_knows_the_suites_by_these_names():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:@SECLEVEL=0")
    theirs = {suite["id"] & 0xFFFF: suite["name"] for suite in context.get_ciphers()}
    assert {number: ciphers.BY_OPENSSL[theirs[number]] for number in ciphers.BY_NUMBER} == ciphers.BY_NUMBER


def main(date=None, *, age=None, at=AT):
    headers = [(name, value) for name, value in (("Date", date), ("Age", age)) if value is not None]
    response = Response(200, "OK", tuple(headers), io.BytesIO())
    return Exchange(
        "https://news.example/", AT, Request("GET", ()), response, "main", client_ip="192.0.2.9", answered=at
    )


@pytest.mark.parametrize(
    ("date", "age", "offset"),
    [
        ("Sun, 22 Nov 2026 14:01:12 GMT", None, 0),
        ("Sun, 22 Nov 2026 14:01:11 GMT", None, 0),
        ("Sun, 22 Nov 2026 14:01:17 GMT", "0", 5),
        ("Sun, 22 Nov 2026 14:00:11 GMT", None, -60),
        ("Sun, 22 Nov 2026 14:00:11 GMT", "61", None),
        ("yesterday", None, None),
        ("Sun, 22 Nov 2026 14:01:12 -0000", None, None),
        (None, None, None),
    ],
)
def test_the_servers_clock_is_told_as_finely_as_it_tells_itself(date, age, offset):
    assert circumstances(main(date, age=age))["clock"].get("server_offset_seconds") == offset


@given(st.text(max_size=40))
def test_no_date_of_a_server_ends_a_capture(date):
    circumstances(main(date))


@given(st.floats(-1e6, 1e6))
def test_an_offset_is_within_a_second_of_the_truth(seconds):
    theirs = AT + timedelta(seconds=seconds)
    told = circumstances(main(theirs.strftime("%a, %d %b %Y %H:%M:%S GMT")))["clock"]["server_offset_seconds"]
    assert abs(told - seconds) <= 1.5


def test_the_machine_is_told_by_its_system_not_by_its_name():
    told = circumstances(None)
    assert (
        told["client"]["system"].startswith(platform.system()) and os.uname().nodename not in told["client"]["system"]
    )
    assert "ip" not in told["client"] and circumstances(main())["client"]["ip"] == "192.0.2.9"
    assert set(told["clock"]) in (set(), {"synchronized", "max_error_seconds"})


def test_without_a_kernel_that_tells_nothing_is_told(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda _name: object())
    assert circumstances(None)["clock"] == {}
