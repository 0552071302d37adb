"""Every verdict on real captures of pages that must get it, and of articles that must not; and what repeats."""

import json
import socket
from collections import Counter

import pytest

from newsroom.walls import PAGES

WALLS = {"blocked", "consent-wall", "paywall", "login"}


def capture(archiver, reach, urls, engine, *options):
    """Capture all in one run; URL → its line of JSON."""
    asked = "\n".join(urls)
    done = archiver("capture", "--seeds", "-", "--engine", engine, "--json", *reach, *options, stdin=asked)
    lines = {line["url"]: line for line in done.lines}
    assert lines.keys() == set(urls), done.err
    return lines


@pytest.mark.parametrize("engine", [pytest.param("browser", marks=pytest.mark.browser), "http"])
def test_the_table(archiver, newsroom, reach, engine):
    """The very table that docs/verdicts.md shows."""
    places = {newsroom.url("tricks", f"/walls/{path}"): page for path, page in PAGES.items()}
    lines = capture(archiver, reach, places, engine, "--jobs", "4", "--consent", "leave")
    wrong = {
        page.path: (page.expected(engine), lines[url]["verdict"], [one["message"] for one in lines[url]["findings"]])
        for url, page in places.items()
        if lines[url]["verdict"] != page.expected(engine)
    }
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)
    assert all(line["capture_id"] for line in lines.values())  # kept, whatever it is
    assert archiver("validate").code == 0


def test_the_table_is_large_enough():
    counted = Counter(page.word for page in PAGES.values())
    assert all(counted[word] >= 3 for word in (*WALLS, "soft-404", "not-found", "error"))
    assert counted["ok"] >= 8
    assert not [page.path for page in PAGES.values() if page.word in WALLS and page.http == "ok" and page.status != 200]


@pytest.mark.parametrize("engine", [pytest.param("browser", marks=pytest.mark.browser), "http"])
def test_what_gives_no_whole_page(archiver, newsroom, reach, engine):
    """`offline` and `partial`: what no table of pages can bring about."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        refusing = f"http://127.0.0.1:{server.getsockname()[1]}/"
    expected = {
        refusing: "offline",
        newsroom.trick("closed", "http"): "offline",
        "http://no-such-host.invalid/": "offline",
        newsroom.url("tricks", "/walls/slow"): "partial",
    }
    if engine == "http":  # the browser shows nothing of such answers
        expected |= {newsroom.trick("short", "http"): "partial", newsroom.trick("endless"): "partial"}
    lines = capture(archiver, reach, expected, engine, "--jobs", "6", "--timeout", "6")
    assert {url: lines[url]["verdict"] for url in expected} == expected


@pytest.mark.parametrize("engine", [pytest.param("browser", marks=pytest.mark.browser), "http"])
def test_a_text_at_every_address_is_no_article(archiver, newsroom, reach, engine):
    """In one run, and in the next, which knows only what the collection holds."""
    urls = [newsroom.url("tricks", f"/walls/same/{name}") for name in "abcde"]
    lines = capture(archiver, reach, urls, engine, "--jobs", "1")
    assert [lines[url]["verdict"] for url in urls] == ["ok", "ok", "ok", "soft-404", "soft-404"]
    assert "3 other pages of this site had the same text." in lines[urls[3]]["findings"][0]["message"]
    again = [newsroom.url("tricks", "/walls/same/f"), newsroom.url("tricks", "/walls/ok/short")]
    lines = capture(archiver, reach, again, engine)
    assert [lines[url]["verdict"] for url in again] == ["soft-404", "ok"]
