"""What block lists forbid."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.engines import EngineOptions
from archiver.engines.blocking import BlockList
from archiver.engines.http import HttpEngine
from archiver.errors import Blocked, UnreadableInput, UsageError
from archiver.model import Exchange, Limits, PageInfo, close_bodies
from newsroom import Newsroom

LISTS = """# a hosts file
0.0.0.0 ads.example track.example # both
127.0.0.1 localhost
! an ad blocker's
||banners.example^
||fine.example^$third-party
@@||good.example^
good.example##.advert
counters.example
https://*/collect?id=*
"""


@pytest.fixture
def listed(tmp_path: Path) -> BlockList:
    file = tmp_path / "list.txt"
    file.write_text(LISTS, "utf-8")
    return BlockList.of([file, "*/pixel.gif"])


@pytest.mark.parametrize(
    ("url", "rule"),
    {
        "https://ads.example/": "ads.example",
        "https://a.b.ADS.example:8443/x": "ads.example",
        "https://notads.example/": "",
        "https://track.example./x": "track.example",
        "wss://banners.example/socket": "banners.example",
        "https://fine.example/": "",
        "https://good.example/": "",
        "http://localhost/": "",
        "https://any.example/collect?id=1": "https://*/collect?id=*",
        "https://any.example/collectXid=1": "",
        "http://any.example/collect?id=1": "",
        "https://any.example/pixel.gif": "*/pixel.gif",
        "https://any.example/pixel.gif?x": "",
    }.items(),
)
def test_rules_of_every_form(listed: BlockList, url: str, rule: str):
    assert listed.rule(url) == rule
    if rule:
        with pytest.raises(Blocked) as refusal:
            listed.check(url)
        assert refusal.value.exit_code == 4
    else:
        listed.check(url)


def test_senseless_rules_are_wrong_usage(tmp_path: Path):
    with pytest.raises(UsageError):
        BlockList(["no such thing"])
    (tmp_path / "list").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnreadableInput):
        BlockList.of([tmp_path / "list"])


NAME = st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){1,3}", fullmatch=True)


@given(NAME, NAME)
def test_a_host_is_blocked_with_all_below_it_and_nothing_else(host: str, other: str):
    blocked = BlockList([host])
    assert blocked.host(host) == blocked.host(f"{other}.{host}") == host
    assert bool(blocked.host(other)) == (other == host or other.endswith(f".{host}"))


def test_the_http_engine_asks_for_nothing_that_is_blocked(newsroom: Newsroom):
    newsroom.clear_log()
    blocked = BlockList(["cdn.localhost", "*/favicon.ico"])
    options = EngineOptions(allow_private=True, ca_file=newsroom.ca_file, blocked=blocked)
    with HttpEngine(options) as engine:
        for item in engine.capture(newsroom.article, Limits()):
            close_bodies(item)
            if isinstance(item, PageInfo):
                info = item
        with pytest.raises(Blocked):
            list(engine.capture(newsroom.url("cdn", "/icon-192.png"), Limits()))
    assert newsroom.log() and not [line for line in newsroom.log() if blocked.rule(line.url)]
    refused = [note for note in info.requests if "block list" in note.why]
    assert refused and not any(note.served or note.recorded for note in refused)
    assert info.missing == () and not [reason for reason in info.reasons if "block" in reason]


def test_the_whole_capture_has_a_cap(newsroom: Newsroom):
    with HttpEngine(EngineOptions(allow_private=True, ca_file=newsroom.ca_file)) as engine:
        items = list(engine.capture(newsroom.article, Limits(total_bytes=60_000)))
    for item in items:
        close_bodies(item)
    assert any("60000 bytes" in reason for reason in items[-1].reasons)
    cut = [item for item in items if isinstance(item, Exchange) and item.truncated]
    assert all(item.truncated == "length" for item in cut)
