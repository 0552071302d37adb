"""What captures leave alone, in the browser: blocked addresses, private ones, and pages that robots.txt forbids."""

import json
import os
import socket
from collections.abc import Iterator
from functools import partial

import pytest

from archiver.engines import EngineOptions, guard
from archiver.engines.blocking import BlockList
from archiver.engines.browser import BrowserEngine
from archiver.errors import Blocked
from archiver.model import Exchange, Fidelity, Limits, PageInfo, close_bodies
from conftest import Program
from labsite import Lab
from newsroom import Newsroom
from waysout import Outside

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as site:
        yield site


def visited(engine: BrowserEngine, url: str, **limits: float) -> tuple[list[Exchange], PageInfo]:
    items = list(engine.capture(url, Limits(**limits)))
    for item in items:
        close_bodies(item)
    return [item for item in items if isinstance(item, Exchange)], items[-1]


def test_what_is_blocked_never_leaves_the_browser(lab: Lab):
    blocked = BlockList(["other.localhost", "*/from-worker?*", "*/big.txt?*"])
    with BrowserEngine(EngineOptions(allow_private=True, blocked=blocked)) as engine:
        exchanges, info = visited(engine, lab.article(7001))
        with pytest.raises(Blocked):
            visited(engine, f"{lab.origin('other')}/frame.html")
    served = lab.of_page(7001)
    assert served and not [line.url for line in served if blocked.rule(line.url)]
    assert not [x.url for x in exchanges if blocked.rule(x.url)]
    refused = {
        note.url.partition("?")[0].rpartition("/")[2]: note for note in info.requests if "block list" in note.why
    }
    assert {"from-worker", "big.txt", "cors", "frame.html"} <= set(refused)
    assert not any(note.served or note.recorded for note in refused.values())
    assert info.missing == () and info.reasons == ()


@pytest.mark.parametrize("fidelity", ["decoded", "wire"])
def test_the_whole_page_has_a_cap(lab: Lab, fidelity: Fidelity):
    """Bodies that come side by side may each take what was left when they began."""
    kept: dict[str, int] = {}
    with BrowserEngine(EngineOptions(allow_private=True, fidelity=fidelity)) as engine:
        for item in engine.capture(lab.article(7002), Limits(total_bytes=200_000)):
            if isinstance(item, Exchange):
                assert item.truncated in (None, "length", "disconnect")
                kept[item.url] = item.response.body.seek(0, os.SEEK_END)
            close_bodies(item)
    assert any("200000 bytes" in reason for reason in item.reasons)
    assert 100_000 < sum(kept.values()) < 2_000_000 and max(kept.values()) <= 200_000


@pytest.mark.parametrize("way", ["fetch", "worker", "websocket", "redirect", "frame"])
def test_no_way_leads_to_an_address_that_was_not_allowed(lab: Lab, monkeypatch: pytest.MonkeyPatch, way: str):
    """The page is public, as it says; a name that it uses has turned private since (DNS rebinding)."""
    real, outside = guard.resolve, Outside()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("10.0.0.7", outside.port))])

    def page_is_public(host: str, port: int, **terms: object) -> list[str]:
        return real(host, port, **(terms | {"allow_private": host == "www.localhost"}))

    monkeypatch.setattr(guard, "resolve", page_is_public)
    with BrowserEngine(EngineOptions(allowed=guard.networks(["10.9.0.0/16"]))) as engine:
        _, info = visited(engine, f"{lab.origin()}/reaches?{way}&{outside.port}")
    outside.close()
    assert outside.seen == []
    told = [note.why for note in info.requests if "captures do not reach" in note.why]
    assert told or way == "websocket"  # whose failures are told by the tunnel alone


def test_an_allowed_address_is_reached_and_no_other(lab: Lab):
    with BrowserEngine(EngineOptions(allowed=guard.networks(["127.0.0.1"]))) as engine:
        exchanges, _ = visited(engine, f"{lab.origin()}/framed")
    assert exchanges[0].response.status == 200


def test_robots_in_the_whole_program(archiver: Program, newsroom: Newsroom, reach: tuple[str, ...]):
    capture = partial(archiver, "capture", *reach, "--json")
    refused = capture(newsroom.trick("private-room"), "--robots", "obey")
    assert refused.code == 4 and "robots" in refused.err
    (line,) = refused.lines
    assert (line["capture_id"], line["warc"]) == (None, None)
    (kept,) = capture(newsroom.trick("private-room"), "--engine", "browser").lines
    sidecar = json.loads((archiver.root / "default" / kept["sidecar"]).read_text("utf-8"))
    robots = sidecar["capture"]["robots"]
    assert (robots["policy"], robots["allowed"], robots["status"]) == ("record", False, 200)
    assert kept["verdict"] == "ok"
    assert archiver("verify").code == 0
