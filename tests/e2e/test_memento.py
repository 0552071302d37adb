"""Memento at a real server, read by a strict parser of its link format (RFC 7089 §5, RFC 8288 §3)."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from archiver.cdxj import url_key
from archiver.replay import running_replay
from asking import get
from storing import CAPTURED, STAMP, Stored, store

pytestmark = pytest.mark.servers

SITE = "https://news.example"
HOSTILE = f"{SITE}/a%3Cb%3E%22;rel=%22x%22?q=%E2%82%AC,%20<x>\"y\"'z' {{|}}"
MANY = 2_500
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINK = re.compile(rf'\s*<([!#-;=?-\[\]_a-z~%]*)>((?:\s*;\s*{_TOKEN}="[^"\\]*")*)\s*(,|\Z)')
"""A target of URI characters alone, and parameters that are all quoted."""


def links(text: str) -> list[tuple[str, dict[str, str]]]:
    """Targets and parameters; anything that is no link fails."""
    found, place = [], 0
    while place < len(text.rstrip()):
        one = _LINK.match(text, place)
        assert one, text[place : place + 200]
        found.append((one[1], dict(re.findall(rf'({_TOKEN})="([^"\\]*)"', one[2]))))
        place = one.end()
    return found


def of(relation: str, text: str) -> list[tuple[str, dict[str, str]]]:
    return [(target, told) for target, told in links(text) if relation in told["rel"].split()]


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("root")
    day = 86_400
    pages = [Stored(f"{SITE}/", f"<p>{n}</p>", seconds=n * day) for n in range(4)]
    film = [Stored(f"{SITE}/film", "part", "video/mp4", n, status="206 Partial Content") for n in range(3)]
    posted = Stored(f"{SITE}/", "{}", "application/json", 9 * day, post=b'{"a": 1}')
    twice = Stored("http://news.example/", "<p>1</p>", seconds=day)
    store(root, "news", [*pages, posted, twice, *film, Stored(f"{SITE}/film", "whole", "video/mp4", 5)])
    store(root, "news", [Stored(HOSTILE, "<p>hostile</p>")], file="hostile.warc.gz")
    level = root / "news" / "indexes" / "3.cdxj"
    told = '"mime": "text/html", "status": "200", "digest": "x", "length": "9", "filename": "no.warc.gz"'
    moments = (CAPTURED + timedelta(minutes=n) for n in range(MANY))
    key = url_key(f"{SITE}/many")
    lines = (f'{key} {at:%Y%m%d%H%M%S} {{"url": "{SITE}/many", {told}, "offset": "0"}}\n' for at in moments)
    level.write_text("".join(lines))
    with running_replay(root) as address:
        yield address


def memento(replay: str, day: int, url: str = f"{SITE}/") -> str:
    return f"{replay}/news/202611{22 + day}140112mp_/{url}"


@pytest.mark.parametrize(
    ("accepted", "day"),
    [
        ("Sun, 22 Nov 2026 14:01:12 GMT", 0),
        ("Sun, 22 Nov 2026 20:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 20:00:00 GMT", 1),
        ("Tue, 24 Nov 2026 10:00:00 GMT", 2),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3),
        (None, 3),
    ],
)
def test_a_timegate_leads_to_the_nearest_capture(replay: str, accepted: str | None, day: int) -> None:
    headers = {"Accept_Datetime": accepted} if accepted else {}
    status, told, _ = get(f"{replay}/news/timegate/{SITE}/", **headers)
    assert (status, told["location"], told["vary"]) == (302, memento(replay, day), "accept-datetime")
    assert of("original", told["link"])[0][0] == f"{SITE}/"
    assert of("timemap", told["link"])[0][0] == f"{replay}/news/timemap/link/{SITE}/"
    assert of("first", told["link"])[0][0] == memento(replay, 0)
    assert of("last", told["link"])[0][0] == memento(replay, 3)
    assert [one[0] for one in of("prev", told["link"])] == ([memento(replay, day - 1)] if day else [])
    assert [one[0] for one in of("next", told["link"])] == ([memento(replay, day + 1)] if day < 3 else [])
    assert get(told["location"])[1]["memento-datetime"][:7] == ("Sun, 22", "Mon, 23", "Tue, 24", "Wed, 25")[day]


@pytest.mark.parametrize(
    "date", ["yesterday", "2026-11-22", "Sun, 22 Nov 2026 14:01:12 +0000", "", "Sun, 31 Feb 2026 0"]
)
def test_a_date_that_is_none_is_said_so(replay: str, date: str) -> None:
    status, headers, body = get(f"{replay}/news/timegate/{SITE}/", Accept_Datetime=date)
    assert (status, headers["vary"]) == (400, "accept-datetime")
    assert b"Accept-Datetime" in body


def test_what_was_never_captured_has_neither(replay: str) -> None:
    for path in (
        f"timegate/{SITE}/none",
        f"timemap/link/{SITE}/none",
        f"timemap/json/{SITE}/none",
        f"timemap/x/{SITE}/",
    ):
        assert get(f"{replay}/news/{path}")[0] == 404, path
    assert get(f"{replay}/none/timegate/{SITE}/")[0] == 404


def test_a_timemap_lists_real_captures_once(replay: str) -> None:
    """No answers to POSTs, no second line of one moment, no ranges beside a whole."""
    status, headers, body = get(f"{replay}/news/timemap/link/{SITE}/")
    text = body.decode()
    assert (status, headers["content-type"].partition(";")[0]) == (200, "application/link-format")
    assert [target for target, _ in of("memento", text)][0::3] == [memento(replay, 0), memento(replay, 3)]
    assert [told["rel"] for _, told in of("memento", text)] == ["first memento", "memento", "memento", "last memento"]
    ((target, told),) = of("self", text)
    assert target == f"{replay}/news/timemap/link/{SITE}/"
    assert (told["from"], told["until"]) == ("Sun, 22 Nov 2026 14:01:12 GMT", "Wed, 25 Nov 2026 14:01:12 GMT")
    assert of("timegate", text)[0][0] == f"{replay}/news/timegate/{SITE}/"
    document = json.loads(get(f"{replay}/news/timemap/json/{SITE}/")[2])
    assert [one["uri"] for one in document["mementos"]["list"]] == [one[0] for one in of("memento", text)]
    assert document["mementos"]["first"]["datetime"] == "2026-11-22T14:01:12Z"
    ((_, told),) = of("memento", get(f"{replay}/news/timemap/link/{SITE}/film")[2].decode())
    assert told["rel"] == "first last memento"


def test_a_long_timemap_has_pages(replay: str) -> None:
    text = get(f"{replay}/news/timemap/link/{SITE}/many")[2].decode()
    pages = of("timemap", text)
    assert [target for target, _ in pages] == [f"{replay}/news/timemap/link/{n}/{SITE}/many" for n in (1, 2, 3)]
    assert of("memento", text) == []
    moments: list[str] = []
    for target, told in pages:
        page = get(target)[2].decode()
        found = [one["datetime"] for _, one in of("memento", page)]
        ((me, mine),) = of("self", page)
        assert (
            (me, mine["from"], mine["until"]) == (target, told["from"], told["until"]) == (target, found[0], found[-1])
        )
        moments += found
    assert len(set(moments)) == len(moments) == MANY
    assert moments == sorted(moments, key=parsedate_to_datetime)
    index = json.loads(get(f"{replay}/news/timemap/json/{SITE}/many")[2])["timemap_index"]
    assert len(index) == 3
    assert len(json.loads(get(index[2]["uri"])[2])["mementos"]["list"]) == MANY - 2000
    assert get(f"{replay}/news/timemap/link/4/{SITE}/many")[0] == 404


def test_hostile_addresses_end_no_link(replay: str) -> None:
    """The parser above takes URI characters alone; and what is listed can be asked for."""
    asked = "".join(c if c.isascii() and c not in '<>" {|}' else f"%{ord(c):02X}" for c in HOSTILE)
    text = get(f"{replay}/news/timemap/link/{asked}")[2].decode()
    ((target, _),) = of("memento", text)
    status, headers, body = get(target)
    assert (status, b"hostile" in body) == (200, True)
    assert len(links(headers["link"])) == 4
    status, headers, _ = get(of("timegate", text)[0][0])
    assert (status, headers["location"]) == (302, target)


def test_every_memento_says_where_it_stands(replay: str) -> None:
    _, headers, _ = get(memento(replay, 2))
    assert headers["memento-datetime"] == "Tue, 24 Nov 2026 14:01:12 GMT"
    told = {rel: target for target, one in links(headers["link"]) for rel in one["rel"].split() if rel != "memento"}
    assert told == {
        "original": f"{SITE}/",
        "timegate": f"{replay}/news/timegate/{SITE}/",
        "timemap": f"{replay}/news/timemap/link/{SITE}/",
        "first": memento(replay, 0),
        "prev": memento(replay, 1),
        "next": memento(replay, 3),
        "last": memento(replay, 3),
    }
    assert memento(replay, 2) in [target for target, _ in of("memento", headers["link"])]
    assert STAMP in get(f"{replay}/news/{STAMP}id_/{SITE}/")[1]["link"]
    _, headers, _ = get(memento(replay, 2).replace("mp_", "im_"))  # a part of a page is not asked for its neighbours
    assert [one["rel"] for _, one in links(headers["link"])] == ["original", "timegate", "timemap", "memento"]
