"""robots.txt: asked for once, minded or kept."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from archiver.engines import EngineOptions
from archiver.engines.choice import open_engine
from archiver.engines.http import HttpEngine
from archiver.errors import AddressRefused, RobotsRefused
from archiver.model import Exchange, Limits, PageInfo, close_bodies
from newsroom import Newsroom

LIMITS = Limits()


def opened(policy: str, **others: object):
    return open_engine("http", EngineOptions(**{"allow_private": True, "robots": policy, **others}))


def captured(engine, url: str) -> tuple[list[Exchange], PageInfo]:
    items = list(engine.capture(url, LIMITS))
    for item in items:
        close_bodies(item)
    return [item for item in items if isinstance(item, Exchange)], items[-1]


def asked(site: Newsroom) -> list[str]:
    return [line.url for line in site.log() if line.url.endswith("/robots.txt")]


def test_obeying_fetches_nothing_that_is_forbidden(newsroom: Newsroom):
    newsroom.clear_log()
    with opened("obey") as engine:
        with pytest.raises(RobotsRefused, match="asks robots to stay away") as refusal:
            list(engine.capture(newsroom.trick("private-room", "http"), LIMITS))
        exchanges, info = captured(engine, newsroom.trick("thin", "http"))
    assert refusal.value.exit_code == 4
    assert not [line for line in newsroom.log() if line.url.endswith("/private-room")]
    assert info.evidence["robots"] == {
        "policy": "obey",
        "allowed": True,
        "url": newsroom.url("tricks", "/robots.txt", "http"),
        "status": 200,
    }
    assert [x.role for x in exchanges] == ["main", "part"]


def test_recording_keeps_what_it_says_in_every_capture_and_asks_once(newsroom: Newsroom):
    newsroom.clear_log()
    url = newsroom.trick("private-room", "http")
    with opened("record") as engine, ThreadPoolExecutor(4) as threads:
        for exchanges, info in threads.map(lambda _: captured(engine, url), range(4)):
            assert info.evidence["robots"]["allowed"] is False
            assert [x.url.endswith("/robots.txt") for x in exchanges] == [False, True]
            assert [note.type for note in info.requests] == ["document", "robots"]
    assert len(asked(newsroom)) == 1


def test_a_host_without_one_allows_all(newsroom: Newsroom):
    with opened("obey") as engine:
        _, info = captured(engine, newsroom.url("api", "/membership.json", "http"))
    assert (info.evidence["robots"]["allowed"], info.evidence["robots"]["status"]) == (True, 404)


def test_ignoring_asks_for_nothing(newsroom: Newsroom):
    newsroom.clear_log()
    with opened("ignore") as engine:
        assert isinstance(engine, HttpEngine)
        _, info = captured(engine, newsroom.trick("private-room", "http"))
    assert "robots" not in info.evidence and asked(newsroom) == []


def test_it_is_fetched_behind_the_same_guard(newsroom: Newsroom):
    newsroom.clear_log()
    with opened("obey", allow_private=False) as engine, pytest.raises(AddressRefused):
        list(engine.capture(newsroom.trick("thin", "http"), LIMITS))
    assert newsroom.log() == []
