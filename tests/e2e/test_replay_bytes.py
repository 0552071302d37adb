"""Bodies in replay: as many bytes as are told, and text in whatever encoding."""

import gzip
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from archiver.replay import running_replay
from asking import get
from storing import CAPTURED, STAMP, Stored, store

pytestmark = [pytest.mark.browser, pytest.mark.servers]

SITE = "https://news.example"
FILM = bytes(range(256)) * 20
CODED = (("Content-Encoding", "gzip"),)
PACKED = gzip.compress(FILM, mtime=0)
TEXT = "Її світло: 灯 🔥"
PAGE = f"""<!doctype html><html><head><title>Wide</title><meta charset="utf-16"><link rel="stylesheet" href="/wide.css">
</head><body><p>{TEXT}</p><a href="/next">next</a><script src="/wide.js"></script></body></html>"""
SCRIPT = f'document.body.append("{TEXT} " + typeof RTCPeerConnection + " " + document.characterSet)'


def longer(*headers: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (*headers, ("Content-Length", "999999"))


STORED = [
    Stored(f"{SITE}/film", FILM, "video/mp4"),
    Stored(f"{SITE}/packed", PACKED, "video/mp4", headers=CODED),
    Stored(f"{SITE}/longer", FILM, "video/mp4", 1, headers=longer(), repeats=f"{SITE}/film"),
    Stored(
        f"{SITE}/chunked", FILM, "video/mp4", 1, headers=(("Transfer-Encoding", "chunked"),), repeats=f"{SITE}/film"
    ),
    Stored(f"{SITE}/coded", FILM, "video/mp4", 1, headers=longer(("Content-Encoding", "br")), repeats=f"{SITE}/film"),
    Stored(f"{SITE}/plain", PACKED, "video/mp4", 1, headers=(("Content-Length", "5120"),), repeats=f"{SITE}/packed"),
    Stored(f"{SITE}/by-header", PAGE.encode("utf-16-be"), "text/html; charset=UTF-16BE"),
    Stored(f"{SITE}/by-mark", PAGE.encode("utf-16"), "text/html"),
    Stored(f"{SITE}/against", PAGE.encode("utf-16"), 'text/html; charset="windows-1251"; x=1'),
    Stored(f"{SITE}/narrow", b"\xef\xbb\xbf" + PAGE.encode(), "text/html; charset=utf-16"),
    Stored(
        f"{SITE}/long", (PAGE.replace(TEXT, "🔥" * 70_000 + TEXT)).encode("utf-16-be"), "text/html;charset=utf-16be"
    ),
    Stored(f"{SITE}/wide.css", f'p::before {{ content: "{TEXT}" }}'.encode("utf-16"), "text/css"),
    Stored(
        f"{SITE}/packed.html",
        gzip.compress(PAGE.encode("utf-16")),
        "text/html",
        headers=(("Content-Encoding", "gzip"),),
    ),
    Stored(f"{SITE}/wide.js", SCRIPT.encode("utf-16"), "text/javascript"),
]


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("bytes")
    store(root, "news", STORED)
    with running_replay(root) as address:
        yield address


@pytest.mark.parametrize("modifier", ["mp_", "oe_", "id_"])
@pytest.mark.parametrize(("name", "body"), [("longer", FILM), ("chunked", FILM), ("coded", FILM), ("plain", PACKED)])
def test_a_revisit_is_as_long_and_coded_as_its_original(replay: str, name: str, body: bytes, modifier: str) -> None:
    at = f"{CAPTURED:%Y%m%d%H%M}13{modifier}"
    accepted = {"Accept_Encoding": "gzip, br"}
    status, headers, sent = get(f"{replay}/news/{at}/{SITE}/{name}", **accepted)
    assert (status, int(headers["content-length"]), sent) == (200, len(body), body)
    assert headers.get("content-encoding") == ("gzip" if body is PACKED else None)
    status, headers, sent = get(f"{replay}/news/{at}/{SITE}/{name}", Range="bytes=100-109", **accepted)
    assert (status, sent) == (206, body[100:110])
    assert headers["content-range"] == f"bytes 100-109/{len(body)}"


@pytest.mark.parametrize("name", ["by-header", "by-mark", "against", "narrow", "long", "packed.html"])
def test_a_page_in_utf_16_runs_like_any_other(replay: str, browser: Browser, name: str) -> None:
    page = browser.new_page()
    answer = page.goto(f"{replay}/news/{STAMP}mp_/{SITE}/{name}")
    assert answer is not None
    assert answer.headers["content-type"].lower().endswith("; charset=utf-8")
    assert page.locator("p").inner_text().endswith(TEXT)
    assert "�" not in page.content()
    assert page.locator("body").inner_text().endswith(f"{TEXT} undefined UTF-8")
    assert page.get_attribute("a", "href") == f"/news/{STAMP}/{SITE}/next"
    assert TEXT in page.evaluate("getComputedStyle(document.querySelector('p'), '::before').content")
    page.close()


def test_raw_content_stays_as_it_is(replay: str) -> None:
    _, headers, body = get(f"{replay}/news/{STAMP}id_/{SITE}/by-header")
    assert (headers["content-type"], body) == ("text/html; charset=UTF-16BE", PAGE.encode("utf-16-be"))


@pytest.mark.parametrize("modifier", ["im_", "oe_", "wkrf_"])
def test_what_is_asked_for_as_something_else_keeps_every_byte(replay: str, modifier: str) -> None:
    for name in ("by-header", "by-mark", "narrow"):
        (stored,) = (one.body for one in STORED if one.url == f"{SITE}/{name}")
        assert get(f"{replay}/news/{STAMP}{modifier}/{SITE}/{name}")[2] == stored
