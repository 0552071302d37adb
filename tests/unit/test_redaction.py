"""No secret stays, nothing else goes, and lengths stay true."""

import base64
import gzip
import io
import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import quote

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import UnreadableInput
from archiver.model import Exchange, Headers, PageInfo, Request, RequestNote, Resource, Response, close_bodies
from archiver.redaction import Known, Redactor, Sealing, Secrecy, read_recipients
from archiver.redaction.known import is_random, is_telling
from archiver.redaction.masking import Masked, masked_copy
from archiver.redaction.places import in_header, in_urls
from archiver.session import BasicAuth, Cookie, Profile, Session

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
URL = "https://news.example/article"
SID = "s3cr3t/Sess+0042=="
"""Spelled in another way in URLs, in JSON, and in HTML."""

secrets = st.text("abcdefgh0123456789ABCDEFGH-_.+/=", min_size=8, max_size=60).filter(lambda s: is_telling(s.encode()))
filler = st.binary(max_size=200)


def exchange(
    body: bytes = b"",
    headers: Headers = (),
    *,
    url: str = URL,
    sent: Headers = (),
    posted: bytes | None = None,
    role: str = "part",
) -> Exchange:
    request = Request("GET", sent, None if posted is None else io.BytesIO(posted))
    return Exchange(url, AT, request, Response(200, "OK", headers, io.BytesIO(body)), role)


def info(*requests: str, final_url: str = URL, reasons: tuple[str, ...] = ()) -> PageInfo:
    notes = tuple(RequestNote(url, "GET", 200, "image", "2026-11-25T12:00:00Z", 0.1, True) for url in requests)
    return PageInfo(URL, final_url, AT, AT, "browser", "decoded", "Agent", (), notes, reasons)


def redacted(*items, known: Known | None = None, sealing: Sealing | None = None) -> list:
    return taken(Redactor(known or Known(), sealing), *items)


def taken(redactor: Redactor, *items) -> list:
    """What comes out, its bodies in memory: those of the redactor are gone after the last item."""
    found = []
    for item in redactor.items(iter(items)):
        if isinstance(item, Exchange):
            request, response = item.request, item.response
            posted = request.body and io.BytesIO(request.body.read())
            answered = replace(response, body=io.BytesIO(body_of(item)))
            found.append(replace(item, request=replace(request, body=posted), response=answered))
        else:
            found.append(replace(item, body=io.BytesIO(body_of(item))) if isinstance(item, Resource) else item)
        close_bodies(item)
    return found


def body_of(item) -> bytes:
    body = item.response.body if isinstance(item, Exchange) else item.body
    body.seek(0)
    return body.read()


def said(item) -> bytes:
    """All bytes of an item that could be written."""
    if isinstance(item, PageInfo):
        return json.dumps(item.as_json()).encode()
    if isinstance(item, Resource):
        return item.url.encode() + body_of(item)
    request = item.request
    posted = b"" if request.body is None else request.body.read()
    lines = "\n".join(f"{name}: {value}" for name, value in (*request.headers, *item.response.headers))
    return b"\n".join((item.url.encode(), lines.encode("latin-1"), posted, body_of(item)))


def spellings(secret: str) -> list[bytes]:
    """The secret alone, in a URL, in JSON."""
    return [secret.encode(), quote(secret, safe="").encode(), json.dumps(secret)[1:-1].replace("/", "\\/").encode()]


def in_base64(secret: str) -> list[tuple[bytes, bytes]]:
    """The secret in something longer, and what of that is the secret's alone."""
    plain = secret.encode()
    coded = [base64.b64encode(b"?" * before + plain + b"!") for before in range(3)]
    return [(whole, whole[4 : (before + len(plain)) // 3 * 4]) for before, whole in enumerate(coded)]


@given(secret=secrets, before=filler, after=filler, size=st.integers(1, 64))
def test_secrets_across_the_borders_of_pieces(secret: str, before: bytes, after: bytes, size: int) -> None:
    known = Known()
    known.add(secret.encode())
    body = before + secret.encode() + after + quote(secret, safe="").encode()
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    copy, ranges, length = masked_copy(pieces, known.matcher())
    with copy:
        content = copy.read()
    assert secret.encode() not in content.replace(b"x" * 8, b"")
    assert len(content) == length == len(body)
    covered = {place for start, end in ranges for place in range(start, end)}
    assert all(content[place] == body[place] for place in range(len(body)) if place not in covered)


@given(values=st.lists(secrets, min_size=1, max_size=4, unique=True), glue=filler, size=st.integers(1, 40))
def test_pieces_make_no_difference(values: list[str], glue: bytes, size: int) -> None:
    """Secrets that overlap each other too are replaced wholly, wherever the borders are."""
    known = Known()
    for value in values:
        known.add(value.encode())
    body = glue.join(value.encode() for value in values) + "".join(values).encode()
    matcher = known.matcher()
    whole = b"".join(Masked([body], matcher))
    assert b"".join(Masked((body[at : at + size] for at in range(0, len(body), size)), matcher)) == whole


@given(secret=secrets)
def test_no_secret_of_a_session_cookie_stays_in_any_item(secret: str) -> None:
    echo = b" ".join((b"<p>", *spellings(secret), *(whole for whole, _ in in_base64(secret))))
    page = exchange(
        echo, (("Content-Type", "text/html"), ("Set-Cookie", f"sid={secret}; Path=/; HttpOnly")), role="main"
    )
    early = exchange(echo, url=f"https://third.example/b?v={quote(secret, safe='')}", sent=(("Referer", URL),))
    text = Resource("text", URL, "text/plain", io.BytesIO(echo), AT)
    after = info(early.url, final_url=f"{URL}?x={secret}", reasons=(f"{early.url} was cut",))
    found = redacted(early, page, exchange(posted=echo, sent=(("Cookie", f"a=b; sid={secret}"),)), text, after)
    for item in found:
        for told in (*spellings(secret), *(own for _, own in in_base64(secret) if len(own) >= 8)):
            assert told not in said(item)
    assert len(body_of(found[0])) == len(echo)
    assert len(found) == 5


def test_header_lines_keep_names_and_attributes() -> None:
    sent = (
        ("Cookie", "theme=dark; sid=abcDEF0123456789"),
        ("Authorization", "Bearer abc.def.0123456789"),
        ("Proxy-Authorization", "Basic dTpw"),
        ("X-CSRF-Token", "tok-1"),
        ("X-Api-Key", "key-1"),
        ("Accept", "*/*"),
        ("Referer", "https://news.example/?token=hunter2&page=3"),
    )
    came = (
        ("Set-Cookie", "sid=abcDEF0123456789; Path=/; HttpOnly"),
        ("Location", "/next?code=c0de&state=5tate&x=1"),
        ("Link", "<https://cdn.example/a?X-Amz-Signature=ff&w=2>; rel=preload"),
    )
    (one,) = redacted(exchange(b"plain", came, sent=sent))
    assert one.request.headers == (
        ("Cookie", "theme=xxxx; sid=xxxxxxxxxxxxxxxx"),
        ("Authorization", "Bearer xxxxxxxxxxxxxxxxxx"),
        ("Proxy-Authorization", "Basic xxxx"),
        ("X-CSRF-Token", "xxxxx"),
        ("X-Api-Key", "xxxxx"),
        ("Accept", "*/*"),
        ("Referer", "https://news.example/?token=xxxxxxx&page=3"),
    )
    assert one.response.headers == (
        ("Set-Cookie", "sid=xxxxxxxxxxxxxxxx; Path=/; HttpOnly"),
        ("Location", "/next?code=xxxx&state=xxxxx&x=1"),
        ("Link", "<https://cdn.example/a?X-Amz-Signature=xx&w=2>; rel=preload"),
    )
    assert one.request.redacted == (
        *("cookie", "authorization", "proxy-authorization", "x-csrf-token", "x-api-key", "referer"),
    )
    assert one.response.redacted == ("set-cookie", "location", "link")


@pytest.mark.parametrize(
    ("url", "values"),
    [
        ("https://a.example/?access_token=AAA&x=1#id_token=BBB", ["AAA", "BBB"]),
        ("https://a.example/p;jsessionid=CCC?y=2", ["CCC"]),
        ("https://user:DDD@a.example/", ["user:DDD"]),
        ("https://a.example/?next=https%3A%2F%2Fb.example%2F%3Ftoken%3DEEE%26z%3D1", ["EEE"]),
        ("https://a.example/?code=FFF&state=GGG", ["FFF", "GGG"]),
        ("https://a.example/?code=200&page=2&zipcode=10117&keyword=token", []),
        ("https://a.example/?PHPSESSID=HHH;sid=III", ["HHH", "III"]),
        ("https://s3.example/k?X-Amz-Credential=JJJ%2F2026&X-Amz-Security-Token=KKK", ["JJJ%2F2026", "KKK"]),
    ],
)
def test_tokens_in_urls(url: str, values: list[str]) -> None:
    assert sorted(url[span.start : span.end] for span in in_urls(url)) == values


def test_an_address_and_the_page_that_names_it_stay_one() -> None:
    """Replay finds what the page asks for, although both are redacted."""
    page = b'<img src="/i.png?w=2&amp;token=word"><a href="/?token=word&x">words are no tokens</a>'
    part, main = redacted(exchange(b"png", url="https://news.example/i.png?w=2&token=word"), exchange(page))
    assert part.url == "https://news.example/i.png?w=2&token=xxxx"
    assert body_of(main) == page.replace(b"token=word", b"token=xxxx")


def test_tokens_that_only_a_text_tells() -> None:
    text = b'{"accessToken": "q1w2e3r4t5y6", "title": "Tokens of 2026"} <input name="csrf_token" value="z9y8x7w6v5">'
    kept = b'token: t.accessToken2, "session": "breakfast", <a href="/?auth=required">'
    (one,) = redacted(exchange(text + kept, (("Content-Type", "application/json"),)))
    assert body_of(one) == text.replace(b"q1w2e3r4t5y6", b"x" * 12).replace(b"z9y8x7w6v5", b"x" * 10) + kept


def test_choices_and_addresses_in_cookies_do_not_spoil_the_text() -> None:
    text = b"Accepted on 2026-11-25 at /news/2026/11/water by a subscriber; 20261125 readers; en-GB-oxendict."
    cookies = (
        "consent=accepted; seen=2026-11-25; last=/news/2026/11/water; tier=subscriber; d=20261125; l=en-GB-oxendict"
    )
    (one,) = redacted(exchange(text, sent=(("Cookie", cookies),)))
    assert body_of(one) == text
    assert "accepted" not in one.request.headers[0][1]


@pytest.mark.parametrize(
    "value", ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "aG93IGRvIHlvdQ2x9Zk", "9f86d081884c7d659a2f"]
)
def test_what_is_random(value: str) -> None:
    assert is_random(value.encode())


@pytest.mark.parametrize(
    "value", ["2026-11-25T10:00:00.000Z", "ukraine-water-2026-11", "GA1.2.1763974800", "https://a1.b2/c3d4"]
)
def test_what_is_not_random(value: str) -> None:
    assert not is_random(value.encode())


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
def test_a_coded_body_with_a_secret_is_stored_without_its_coding(coding: str) -> None:
    plain = b"<p>" + SID.encode() + b"</p>" * 50
    coded = gzip.compress(plain)
    coded = gzip.compress(coded) if "," in coding else coded
    headers = (("Content-Encoding", coding), ("Content-Length", str(len(coded))), ("Set-Cookie", f"sid={SID}"))
    (one,) = redacted(exchange(coded, headers))
    content = body_of(one)
    assert content == plain.replace(SID.encode(), b"x" * len(SID))
    assert one.response.headers == (
        ("X-Archive-Orig-Content-Encoding", coding),
        ("X-Archive-Orig-Content-Length", str(len(coded))),
        ("Set-Cookie", f"sid={'x' * len(SID)}"),
        ("Content-Length", str(len(content))),
    )
    assert one.response.redacted == ("set-cookie", "body")


def test_a_coded_body_without_secrets_stays_as_it_is() -> None:
    coded = gzip.compress(b"news")
    (one,) = redacted(exchange(coded, (("Content-Encoding", "gzip"),), sent=(("Cookie", f"sid={SID}"),)))
    assert body_of(one) == coded
    assert one.response.headers == (("Content-Encoding", "gzip"),)
    assert one.response.redacted == ()


def test_chunks_cannot_hide_a_secret() -> None:
    framed = b"9\r\n<p>s3cr3t\r\n10\r\n/Sess+0042==</p>\r\n0\r\n\r\n"
    assert SID.encode() not in framed
    (one,) = redacted(exchange(framed, (("Transfer-Encoding", "chunked"), ("Set-Cookie", f"sid={SID}"))))
    assert body_of(one) == b"<p>" + b"x" * len(SID) + b"</p>"
    assert ("X-Archive-Orig-Transfer-Encoding", "chunked") in one.response.headers


def test_a_body_that_cannot_be_read_is_left_out_and_told() -> None:
    one, page = redacted(exchange(b"\x28\xb5\x2f\xfd" + SID.encode(), (("Content-Encoding", "zstd"),)), info())
    assert body_of(one) == b""
    assert one.response.redacted == ("body",)
    assert "left out" in page.reasons[0]


def test_the_profile_and_the_password_are_known_from_the_start() -> None:
    cookie = Cookie("laterpay", "v1=Zx81Qq70Pp62&u=44", "news.example")
    storage = {"https://news.example": {"state": json.dumps({"user": {"jwt": "eyJ0eXA1.Zm9v2YmFy.c2ln9"}})}}
    session = Session(Profile("p", "", "", (cookie,), storage), BasicAuth("reader", "correct horse"))
    text = b"Zx81Qq70Pp62 v1=Zx81Qq70Pp62&u=44 eyJ0eXA1.Zm9v2YmFy.c2ln9 correct horse correct%20horse reader"
    secrecy = Secrecy("redact", session)
    redactor = secrecy.redactor()
    (one,) = taken(redactor, exchange(text + base64.b64encode(b"reader:correct horse")))
    spaced = b" ".join(b"x" * length for length in (12, 20, 24, 13, 15))
    assert body_of(one) == spaced + b" reader" + b"x" * 28
    assert secrecy.as_json(redactor) == {"profile": "p", "basic_auth": True, "secrets": "redact", "redacted": 6}
    assert "horse" not in repr(session) + repr(secrecy)


def test_what_is_taken_out_can_be_sealed() -> None:
    identity = pyrage.x25519.Identity.generate()
    sealing = Sealing([str(identity.to_public())])
    page = exchange(b"<p>" + SID.encode() + b"</p>", (("Set-Cookie", f"sid={SID}"),), url=f"{URL}?token=hunter2")
    found = redacted(page, info(page.url), sealing=sealing)
    assert [type(item).__name__ for item in found] == ["Exchange", "Resource", "PageInfo"]
    assert found[1].url == f"urn:sealed:{URL}"
    lines = [json.loads(line) for line in pyrage.decrypt(body_of(found[1]), [identity]).splitlines()]
    told = {(line["record"], line["place"]): line for line in lines}
    assert told["response", "body"]["value"] == SID
    assert told["response", "body"]["offset"] == 3
    assert told["response", "header Set-Cookie"]["value"] == f"sid={SID}"
    assert told["exchange", "url"]["value"] == f"{URL}?token=hunter2"
    assert told["response", "body"]["url"] == f"{URL}?token=xxxxxxx"
    assert SID.encode() not in body_of(found[1])


@given(values=st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=9), size=st.integers(1, 7))
def test_sealed_values_are_those_of_the_body(values: list[bytes], size: int) -> None:
    identity = pyrage.x25519.Identity.generate()
    sealing = Sealing([str(identity.to_public())])
    body = b"".join(values)
    ranges, at = [], 0
    for number, value in enumerate(values):
        if number % 2:
            ranges.append((at, at + len(value)))
        at += len(value)
    sealing.note_body({}, (body[start : start + size] for start in range(0, len(body), size)), ranges)
    with closing(sealing), sealing.seal() as sealed:
        lines = pyrage.decrypt(sealed.read(), [identity]).splitlines()
    assert [json.loads(line)["value"].encode("latin-1") for line in lines] == values[1::2]


def test_recipients_are_read_with_their_line(tmp_path) -> None:
    file = tmp_path / "recipients.txt"
    public = str(pyrage.x25519.Identity.generate().to_public())
    file.write_text(f"# the archive's board\n{public}\n")
    assert read_recipients(file) == (public,)
    file.write_text(f"{public}\nssh-rsa AAAA\n")
    with pytest.raises(UnreadableInput, match=r"recipients.txt:2: this is not a public key of age"):
        read_recipients(file)
    file.write_text("\n")
    with pytest.raises(UnreadableInput, match="does not hold"):
        read_recipients(file)


def test_a_visit_that_ends_early_ends_its_source() -> None:
    ended = []

    def source():
        try:
            yield from (exchange(b"1"), exchange(b"2"), info())
        finally:
            ended.append(True)

    items = Redactor(Known()).items(source())
    assert len(list(islice(items, 1))) == 1
    items.close()
    assert ended == [True]


def test_memory_stays_bounded() -> None:
    """A body is never read whole: its matcher sees pieces."""
    known = Known()
    known.add(SID.encode())
    longest = 0

    def pieces():
        for _ in range(200):
            yield b"a" * 65536

    for piece in Masked(pieces(), known.matcher()):
        longest = max(longest, len(piece))
    assert longest <= 2 * 65536


def test_header_rule_on_a_nameless_cookie() -> None:
    assert [span[:2] for span in in_header("Cookie", "lonely; a=b")] == [(0, 6), (10, 11)]


def test_item_without_secrets_is_the_same() -> None:
    page = exchange(b"news", (("Content-Type", "text/html"),))
    (one,) = redacted(page)
    assert body_of(one) == b"news"
    assert replace(one, request=page.request, response=replace(one.response, body=page.response.body)) == page
