"""Access rules: what they come to together, whatever the order in which their writers are read."""

import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import access
from archiver.access import Decision, Reader, Rule, Rules
from archiver.access.patterns import Pattern, Table, keys
from archiver.catalogue import open_catalogue, parse
from archiver.catalogue.columns import Part
from archiver.catalogue.query import EVERYTHING
from archiver.catalogue.shelves import Shelves, Wanted
from archiver.collection import Root
from archiver.collection.entering import enter
from archiver.disk import sha256_bytes
from archiver.errors import UsageError
from archiver.ledger import Event
from archiver.sidecar import dump
from stockroom import Invented, add

ANYBODY, ROOM = Reader(), Reader(in_room=True)
SITE = "https://news.example/"
STORY = f"{SITE}2026/bridge"


def rule(number: int, kind: access.Kind, **more) -> Rule:
    """A rule made at minute `number`."""
    more |= {"until": more.get("until", "2031-01-01T00:00:00Z")} if kind == "embargo" else {}
    return Rule(f"20261201T10{number:02d}00Z-aaaaaaaaaa", kind, at=f"2026-12-01T10:{number:02d}:00Z", **more)


def hits(pattern: str, url: str) -> bool:
    table = Table([(Pattern.of(pattern), True)])
    return any(any(table.find(key)) for key in keys(url))


@pytest.mark.parametrize(
    ("pattern", "fits", "misses"),
    [
        (STORY, ["http://www.news.example/2026/bridge/", f"{SITE}2026/BRIDGE"], [f"{STORY}/2", f"{STORY}?a=1"]),
        (f"{SITE}2026/*", [STORY, f"{SITE}2026/?page=2", f"{SITE}2026"], [f"{SITE}20261/x", SITE]),
        ("https://news.example/20*", [STORY, "https://news.example/2019/x"], ["https://news.example/1999/x"]),
        ("https://news.example/*", [STORY, "https://news.example/"], ["https://m.news.example/", "https://news.example.org/"]),
        ("*.news.example", [STORY, "https://m.news.example/", "http://news.example:8080/"], ["https://fakenews.example/"]),
        ("https://news.example/s?id=4*", ["https://news.example/s?id=42"], ["https://news.example/s?id=5"]),
        (STORY, [f"urn:text:{STORY}", f"urn:view:{STORY}"], ["urn:text:https://news.example/"]),
    ],
)  # fmt: skip
def test_patterns_are_addresses_and_their_beginnings(pattern, fits, misses):
    assert [url for url in fits if not hits(pattern, url)] == []
    assert [url for url in misses if hits(pattern, url)] == []


@pytest.mark.parametrize(
    "text", ["", "*", "news", "news.example/*", "https://*.example/", "https://a.example/*/b", "https://a.example/ b",
             "ftp://a.example/", "*.", "*.a/b", "https:///x", "https://a.example/" + "a" * 2000, "https://[::1/*"],
)  # fmt: skip
def test_what_is_no_pattern_is_refused(text):
    with pytest.raises(UsageError):
        Pattern.of(text)


@pytest.mark.parametrize("kinds", list(permutations(access.KINDS, 2)))
def test_the_strictest_counts(kinds):
    found = Rules([rule(1, kinds[0]), rule(2, kinds[1])]).decide(capture="x", at="2026-12-02T00:00:00Z")
    assert found.kind == max(kinds, key=access.KINDS.index)


def test_a_more_specific_rule_loosens_only_what_it_replaces():
    general, special = rule(1, "dark"), rule(2, "open", capture="x")
    assert Rules([general, special]).decide(capture="x").kind == "dark"
    freed = rule(3, "open", capture="x", replaces=frozenset({general.name}))
    assert Rules([general, freed]).decide(capture="x") == Decision("open", since=freed.at, rule=freed.name)
    assert Rules([general, freed]).decide(capture="y").kind == "open", "a replaced rule counts nowhere"


def test_an_embargo_ends_by_itself_and_what_lies_beneath_it_counts():
    rules = Rules([rule(1, "embargo"), rule(2, "reading-room"), rule(3, "embargo", until="2030-01-01T00:00:00Z")])
    before, after = "2030-12-31T23:59:59Z", "2031-01-01T00:00:00Z"
    assert (rules.decide(at=before).kind, rules.decide(at=before).until) == ("embargo", after)
    assert rules.decide(at=after).kind == "reading-room"
    come = rules.comes_to("", (), None)
    assert (come.at(before), come.at(after)) == ("embargo", "reading-room")


@pytest.mark.parametrize(
    ("kind", "anybody", "room"),
    [("open", 1, 1), ("reading-room", 0, 1), ("embargo", 0, 0), ("dark", 0, 0), ("takedown", 0, 0)],
)
def test_who_is_shown_what(kind, anybody, room):
    decision = Decision(kind)
    assert (decision.shown_to(ANYBODY), decision.shown_to(ROOM), decision.shown_to(None)) == (anybody, room, True)


NAMES = [f"20261201T10{number:02d}00Z-aaaaaaaaaa" for number in range(6)]
ANY_RULES = st.lists(
    st.builds(
        Rule,
        st.sampled_from(NAMES),
        st.sampled_from(access.KINDS),
        capture=st.sampled_from(["", "x"]),
        url=st.sampled_from(["", "https://news.example/*"]),
        until=st.sampled_from(["2026-12-24T00:00:00Z", "2031-01-01T00:00:00Z"]),
        at=st.sampled_from(["2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"]),
        replaces=st.frozensets(st.sampled_from([*NAMES, access.DESCRIPTIONS]), max_size=2),
    ),
    max_size=6,
)


@given(ANY_RULES, ANY_RULES, st.randoms(use_true_random=False))
def test_the_order_of_the_union_is_without_meaning(ours, theirs, chance):
    union = [*theirs, *ours]
    chance.shuffle(union)
    asked = {"capture": "x", "urls": (STORY,), "said": Rule("s", "reading-room"), "at": "2026-12-25T00:00:00Z"}
    assert Rules([*ours, *theirs]).decide(**asked) == Rules(union).decide(**asked)


@given(ANY_RULES, st.sampled_from(["2026-12-23T00:00:00Z", "2026-12-25T00:00:00Z", "2032-01-01T00:00:00Z"]))
def test_the_catalogues_short_form_says_the_same_at_every_time(rules, at):
    whole = Rules(rules)
    decided = whole.decide(capture="x", urls=(STORY,), at=at)
    assert whole.comes_to("x", keys(STORY), None).at(at) == decided.kind


def entered(collection, number, kind, **more):
    """Enter a rule as a file."""
    target = {name: more.pop(name) for name in ("capture", "url") if name in more} or {"all": True}
    document = {
        "$schema": "urn:archiver:schema:access:1.0.0",
        "id": f"20261201T10{number:02d}00Z-aaaaaaaaaa",
        "target": target,
        "access": kind,
        "by": "M. K.",
        "at": f"2026-12-01T10:{number:02d}:00Z",
        "agent": "archiver/0.1.0",
    } | more
    content = dump(document)
    path = f"access/{document['id']}-{sha256_bytes(content)[:12]}.json"
    enter(collection, {path: content}, Event("policy assignment", "archiver/0.1.0"))
    return path


@pytest.fixture
def collection(tmp_path):
    made = Root(tmp_path).create("news", "News", agent="archiver/0.1.0")
    for number, url in enumerate(("https://a.example/1", "https://a.example/2", "https://b.example/1")):
        add(made, Invented(url, headline=f"Bridge {number}", days=number))
    return made


def shown(collection, reader):
    with open_catalogue(collection, reader) as catalogue:
        rows = {row.final_url for row in catalogue.captures()}
        words, shelves = parse("bridge"), Shelves(reader)
        for query in (EVERYTHING, words):
            for order in ("captured", "relevance"):
                found = shelves.find([collection], Wanted(query, part=Part(order, limit=99)))
                assert {one.row.final_url for one in found.items} == rows
                assert catalogue.count() == len(rows) == found.pages == found.captures == sum(found.days.values())
                assert sum(found.counts["verdict"].values()) == len(rows)
        assert catalogue.count(words) == len(catalogue.search(words)) == len(catalogue.captures(words)) == len(rows)
    return sorted(url.removeprefix("https://") for url in rows)


def test_a_catalogue_for_a_reader_has_no_more_than_that_reader_may_see(collection):
    everything = ["a.example/1", "a.example/2", "b.example/1"]
    assert shown(collection, ANYBODY) == shown(collection, None) == everything
    entered(collection, 1, "reading-room", url="https://a.example/*")
    assert (shown(collection, ANYBODY), shown(collection, ROOM)) == (["b.example/1"], everything)
    with open_catalogue(collection) as catalogue:
        hidden = catalogue.versions("https://a.example/1")[0]
    entered(collection, 2, "takedown", capture=hidden.id, reason="Asked for.")
    assert shown(collection, ROOM) == everything[1:]
    assert shown(collection, None) == everything
    with open_catalogue(collection, ROOM) as catalogue:
        assert catalogue.capture(hidden.id) is catalogue.sidecar(hidden.id) is None
        assert (catalogue.versions(hidden.final_url), catalogue.text(hidden.id), catalogue.article(hidden.id)) == (
            [],
            "",
            {},
        )
    entered(collection, 3, "open", replaces=["20261201T100200Z-aaaaaaaaaa", "20261201T100100Z-aaaaaaaaaa"])
    assert shown(collection, ANYBODY) == everything


def test_a_capture_that_comes_later_is_reached_as_well(collection):
    entered(collection, 1, "dark", url="*.c.example")
    add(collection, Invented("https://www.c.example/1", headline="Bridge", days=9))
    assert "www.c.example/1" not in shown(collection, ROOM)


def test_a_rule_that_cannot_be_read_hides_all(collection):
    path = collection.local(entered(collection, 1, "open"))
    document = json.loads(path.read_bytes()) | {"by": "Somebody else"}
    path.write_bytes(dump(document))
    assert shown(collection, ROOM) == []
    assert [one.unreadable for one in access.rules(collection).standing] == [True]
