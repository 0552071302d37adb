"""Access rules that come with packages: no capture is ever visible without them, and nothing else is touched."""

import json

import pytest

from archiver.access import Reader, Wish, restrict, rules, targets
from archiver.capture import AGENT, Terms, capture_url
from archiver.catalogue import open_catalogue
from archiver.collection import Root
from archiver.collection.description import redescribe
from archiver.disk import sha256_bytes
from archiver.ledger import Event
from archiver.package import RefusedPackage, export, import_package
from archiver.sidecar import dump
from archiver.verify import verify_collection
from material import PICTURE, Site, answer, collection_with, repacked
from mishaps import killed_at

STRICT = {"takedown": {"reason": "Asked for."}, "dark": {}, "embargo": {"until": "2999-01-01"}, "reading-room": {}}


@pytest.fixture
def source(tmp_path):
    """Pages 0, 1 and 2."""
    return collection_with(tmp_path / "source", 3)[0]


@pytest.fixture
def target(tmp_path):
    return Root(tmp_path / "target").create("other", "Other", agent=AGENT)


@pytest.fixture(params=["wacz", "bagit"])
def packed(request, source, tmp_path):
    """Makes a package of the source as it is."""
    out = tmp_path / ("a.wacz" if request.param == "wacz" else "bag")

    def pack():
        export(source, out, request.param, with_restricted=True)
        return out

    return pack


def rule(collection, kind, about, **told):
    return restrict(collection, Wish.of(kind, "M. K.", **STRICT.get(kind, {}), **told), about)[0]


def kinds(collection):
    """What was decided for each page, by the end of its address."""
    with open_catalogue(collection) as catalogue:
        return {row.final_url.rpartition("/")[2]: row.kind for row in catalogue.captures()}


def shown(collection):
    with open_catalogue(collection, Reader()) as catalogue:
        return {row.id for row in catalogue.captures()}


def taken(package, collection):
    return {one.code for done in import_package(package, collection) for one in done.findings} - {"package-unsigned"}


@pytest.mark.parametrize("kind", STRICT)
def test_a_rule_comes_with_its_capture(source, target, packed, kind):
    first = source.captures()[0]
    made = rule(source, kind, targets([first]), note="Ask again")
    assert taken(packed(), target) == {"access-imported"}
    assert kinds(target) == kinds(source)
    assert shown(target) == shown(source) == set(source.captures()) - {first}
    (come,) = rules(target).standing
    assert (come.access, come.capture, come.by, come.at, come.until, come.reason) == (
        kind, first, "M. K.", made.at, made.until, made.reason,
    )  # fmt: skip
    assert (made.name in come.note, come.note.endswith("Ask again"), come.replaces) == (True, True, frozenset())
    assert [one for one in verify_collection(target).findings if one.level != "info"] == []


@pytest.mark.parametrize("about", [targets(everything=True), targets(urls=["https://news.example/bridge/1"])])
def test_rules_about_more_reach_only_what_comes_with_them(source, target, packed, about, tmp_path):
    rule(source, "dark", about)
    capture_url("https://news.example/bridge/1?here", target, Site(), Terms())
    capture_url("https://news.example/bridge/1", target, Site(days=1), Terms())
    here = shown(target)
    taken(packed(), target)
    assert shown(target) == here | shown(source)
    assert {one.capture for one in rules(target).standing} == set(source.captures()) - shown(source)


def test_what_the_collection_said_of_all_its_captures(source, target, packed):
    redescribe(source, lambda one: one | {"rights": {"access": "dark"}}, Event("modification", AGENT))
    taken(packed(), target)
    assert (len(kinds(target)), shown(target)) == (3, set())


def test_what_was_lifted_there_does_not_hide_here(source, target, packed):
    old = rule(source, "dark", targets(everything=True))
    rule(source, "open", targets(everything=True), replaces=[old.name])
    assert taken(packed(), target) == set()
    assert shown(target) == set(source.captures())


def test_a_page_with_a_hidden_record_is_hidden_whole(tmp_path, target):
    source = Root(tmp_path / "source").create("news", "News", agent=AGENT)
    for number, parts in enumerate(((answer(PICTURE),), ())):
        capture_url(f"https://a.example/{number}", source, Site(*parts, days=number), Terms())
    rule(source, "dark", targets(urls=["https://cdn.example/*"]))
    export(source, tmp_path / "a.wacz", "wacz", with_restricted=True)
    taken(tmp_path / "a.wacz", target)
    assert kinds(target) == {"0": "dark", "1": "open"}


def test_bare_warcs_in_a_package_of_ours(source, target, packed):
    rule(source, "takedown", targets(everything=True))

    def bare(files):
        for name in sorted(name for name in files if name.startswith("sidecars/"))[:2]:
            files.pop(name)

    taken(repacked(packed(), bare), target)
    assert (len(kinds(target)), set(kinds(target).values())) == (3, {"takedown"})


def test_no_package_loosens_what_is_here(source, target, packed):
    """It has a rule that replaces all rules here, and what descriptions say here."""
    here = rule(target, "dark", targets(everything=True))
    redescribe(target, lambda one: one | {"rights": {"access": "reading-room"}}, Event("modification", AGENT))
    package = packed()
    document = {
        "$schema": "urn:archiver:schema:access:1.0.0",
        "id": "20261201T100000Z-aaaaaaaaaa",
        "target": {"all": True},
        "access": "open",
        "by": "Mallory",
        "at": "2026-12-01T10:00:00Z",
        "agent": "archiver/0.1.0",
        "replaces": [here.name, "descriptions"],
    }

    def forge(files, **more):
        content = dump(document | more)
        files[f"access/{document['id']}-{sha256_bytes(content)[:12]}.json"] = content

    taken(repacked(package, forge), target)
    assert shown(target) == set()
    assert rules(target).standing == (here,)
    taken(repacked(package, lambda files: forge(files, access="reading-room")), target)  # of what is here already
    assert rules(target).standing == (here,)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda name, body: (name, body.replace(b'"dark"', b'"grey"')),
        lambda name, body: (name, body.replace(b'"M. K."', b'"M. L."')),
        lambda name, body: (f"{name[:-6]}x.json", body),
        lambda name, body: ("access/notes.json", body),
        lambda name, body: ("access/x.txt", b"everything is open"),
        lambda name, body: (name, b"[" * 9999),
        lambda name, body: _renamed(json.loads(body) | {"target": {"url": "https://*.example/"}}),
        lambda name, body: _renamed(json.loads(body) | {"by": " "}),
        lambda name, body: _renamed(json.loads(body) | {"target": {"all": True, "url": "https://a.example/"}}),
    ],
)  # fmt: skip
def test_a_hostile_rule_is_refused_with_the_package(source, target, packed, spoil):
    rule(source, "dark", targets(everything=True))

    def change(files):
        (name,) = (name for name in files if name.startswith("access/"))
        name, body = spoil(name, files.pop(name))
        files[name] = body

    before = target.files()
    with pytest.raises(RefusedPackage) as told:
        list(import_package(repacked(packed(), change), target))
    assert {one.code for one in told.value.findings if one.level == "error"} == {"access-unreadable"}
    assert target.files() == before


def _renamed(document):
    content = dump(document)
    return f"access/{document['id']}-{sha256_bytes(content)[:12]}.json", content


def test_what_was_lifted_here_stays_so(source, target, packed):
    rule(source, "dark", targets(everything=True))
    package = packed()
    taken(package, target)
    rule(target, "open", targets(everything=True), replaces=[one.name for one in rules(target).standing])
    assert taken(package, target) == {"known"}
    assert shown(target) == set(source.captures())


def test_no_kill_shows_a_capture_without_its_rule(tmp_path):
    source = collection_with(tmp_path / "source")[0]
    rule(source, "takedown", targets(everything=True))
    export(source, tmp_path / "a.wacz", "wacz", with_restricted=True)
    seen = set()
    for step in range(1, 400):
        target = Root(tmp_path / f"t{step}").create("other", "Other", agent=AGENT)
        killed = killed_at(step, lambda target=target: list(import_package(tmp_path / "a.wacz", target)))
        target.clear_leftovers()
        seen.add(len(target.captures()))
        assert shown(target) == set(), step
        if not killed or step % 7 == 0:
            taken(tmp_path / "a.wacz", target)
            assert (set(kinds(target).values()), len(kinds(target))) == ({"takedown"}, 1)
            assert len(rules(target).all) == 1
        if not killed:
            break
    assert seen == {0, 1}
