"""`archiver restrict`: who may see what, as archivists type it and as they are told."""

import json
from hashlib import sha256

import pytest

from archiver.access import Wish, rules, targets
from archiver.access.restricting import documents, put
from archiver.catalogue import open_catalogue
from archiver.cli import run
from archiver.collection import Root
from archiver.ledger import Event
from archiver.validate import validate_file
from archiver.verify import verify_collection
from conftest import Done
from material import bring, collection_with, copied
from stockroom import Invented, add

BY = ("--by", "M. K.")


@pytest.fixture
def archiver(tmp_path, capfd):
    """Runs a command in this process."""
    return lambda *words: Done(run(["--root", str(tmp_path / "collections"), *words]), *capfd.readouterr())


@pytest.fixture
def news(tmp_path):
    made = Root(tmp_path / "collections").create("news", "News", agent="archiver/0.1.0")
    for number, url in enumerate(("https://a.example/1", "https://a.example/2", "https://b.example/1")):
        add(made, Invented(url, days=number))
    return made


def ids(collection):
    """In the order of `kinds`: ids of one second have none."""
    with open_catalogue(collection) as catalogue:
        return [row.id for row in catalogue.captures(reverse=True)]


def kinds(collection):
    with open_catalogue(collection) as catalogue:
        return [row.kind for row in catalogue.captures(reverse=True)]


def lines(done):
    return [json.loads(line) for line in done.out.splitlines()]


def test_a_capture_is_taken_down_and_shown_again(archiver, news):
    first = ids(news)[0]
    done = archiver("restrict", first, "--access", "takedown", "--reason", "At her request.", *BY, "--json")
    assert done.code == 0, done.err
    (entered,) = lines(done)
    assert (entered["status"], entered["captures"], entered["access"]) == ("entered", 1, "takedown")
    assert kinds(news) == ["takedown", "open", "open"]
    assert {row.split("\t")[1]: row.split("\t")[4] for row in archiver("list").out.splitlines()} == {
        one: "takedown" if one == first else "" for one in ids(news)
    }
    assert "takedown: At her request. (rule" in archiver("show", first).out
    assert [line["access"] for line in lines(archiver("list", "--json"))] == ["open", "open", "takedown"]
    told = archiver("restrict", "--list").out
    for words in ("takedown for", "1 capture", "by M. K.", "readers are told: At her request."):
        assert words in told
    lifted = archiver("restrict", "--lift", entered["rule"], "--by", "A. B.", "--note", "Settled")
    assert lifted.code == 0, lifted.err
    assert kinds(news) == ["open"] * 3
    assert "takedown" not in archiver("list").out
    assert "no longer counts: replaced by" in (told := archiver("restrict", "--list").out)
    assert "by A. B." in told
    again = archiver("restrict", "--lift", entered["rule"], *BY)
    assert (again.code, "no rule" in again.err) == (2, True)


def test_a_hostile_rule_forges_no_line(archiver, news):
    """Rules come with collections that others made."""
    wish = Wish.of("takedown", "M. K.", reason="REASON", note="NOTE")
    ((path, content),) = documents(wish, targets([], [], everything=True)).items()
    for word in (b"REASON", b"NOTE", b"M. K."):
        content = content.replace(word, word + b"\\n  rule 20261203T091400Z-aaaaaaaaaa, by nobody\\u202e\\u009b31m")
    name = path.rpartition("-")[0]
    put(
        news, {f"{name}-{sha256(content).hexdigest()[:12]}.json": content}, Event("policy assignment", "archiver/0.1.0")
    )
    told = archiver("restrict", "--list").out
    assert "REASON" in told and "NOTE" in told and "M. K." in told
    assert not [line for line in told.splitlines() if line.startswith("  rule 20261203T091400Z-aaaaaaaaaa")]
    assert not {"\u202e", "\u009b"} & set(told)


def test_addresses_and_all_with_a_trial_first(archiver, news):
    asked = ("restrict", "--url", "https://a.example/*", "-c", "news", "--access", "embargo", "--until", "2999-01-01")
    trial = archiver(*asked, *BY, "--dry-run")
    assert "embargo until 2999-01-01T00:00:00Z for https://a.example/*, would reach 2 captures." in trial.out
    assert kinds(news) == ["open"] * 3
    assert archiver(*asked, *BY).code == 0
    assert kinds(news) == ["embargo", "embargo", "open"]
    assert archiver("restrict", "--all", "-c", "news", "--access", "reading-room", *BY).code == 0
    assert kinds(news) == ["embargo", "embargo", "reading-room"]


@pytest.mark.parametrize(
    "words",
    [
        ["--all", "-c", "news", "--access", "secret", *BY],
        ["--all", "-c", "news", "--access", "takedown", *BY],
        ["--all", "-c", "news", "--access", "embargo", *BY],
        ["--all", "-c", "news", "--access", "dark", "--until", "2999-01-01", *BY],
        ["--all", "-c", "news", "--access", "embargo", "--until", "soon", *BY],
        ["--all", "-c", "news", "--access", "dark", "--by", " "],
        ["--all", "--access", "dark", *BY],
        ["-c", "news", "--access", "dark", *BY],
        ["20261122T140112Z-aaaaaaaaaa", "--access", "dark", *BY],
        ["--url", "*", "-c", "news", "--access", "dark", *BY],
        ["--url", "https://(a+)+$/x*y", "-c", "news", "--access", "dark", *BY],
        ["--all", "-c", "news", "--access", "open", "--replaces", "20261122T140112Z-aaaaaaaaaa", *BY],
        ["--lift", "20261122T140112Z-aaaaaaaaaa", "--access", "open", *BY],
        ["--all", "-c", "news", "--access", "dark", "--basis", "because", *BY],
    ],
)
def test_what_makes_no_sense_is_refused(archiver, news, words):
    before = news.files()
    done = archiver("restrict", *words)
    assert done.code == 2, done.err
    assert done.err.startswith("archiver: ")
    assert len(done.err.splitlines()) == 2
    assert news.files() == before


def test_rules_are_sound_files_that_stay(archiver, news):
    assert archiver("restrict", *ids(news)[:2], "--access", "dark", "--note", "Ask again", *BY).code == 0
    paths = [path for path in news.files() if path.startswith("access/")]
    assert len(paths) == 2
    assert [validate_file(news.local(path)) for path in paths] == [[], []]
    assert verify_collection(news).findings == ()
    bad = news.local(paths[0]).with_name("20261201T100000Z-aaaaaaaaaa-000000000000.json")
    bad.write_bytes(news.local(paths[0]).read_bytes().replace(b'"dark"', b'"takedown"'))
    assert {one.code for one in validate_file(bad)} >= {"name-digest"}


def test_verify_tells_who_lifted_what(archiver, news):
    (entered,) = lines(archiver("restrict", "--all", "-c", "news", "--access", "dark", *BY, "--json"))
    assert archiver("restrict", "--lift", entered["rule"], "--by", "Somebody else").code == 0
    (found,) = verify_collection(news).findings
    assert (found.level, found.code) == ("info", "rule-lifted")
    assert "Somebody else" in found.message


def test_rules_of_two_machines_unite_in_both(tmp_path):
    from archiver.access import Wish, restrict, targets

    here, _ = collection_with(tmp_path / "here", 2)
    there = copied(here, tmp_path / "there")
    first, second = ids(here)
    restrict(here, Wish.of("dark", "M. K."), targets([first]))
    restrict(there, Wish.of("reading-room", "A. B."), targets(everything=True))
    bring(here, there)
    bring(there, here)
    assert [rules(one).standing for one in (here, there)] == [rules(here).standing] * 2
    assert kinds(here) == kinds(there) == ["dark", "reading-room"]
    assert ids(there) == [first, second]


def test_rules_go_with_push_and_pull(archiver, news, tmp_path):
    first = ids(news)[0]
    assert archiver("restrict", first, "--access", "takedown", "--reason", "Asked for.", *BY).code == 0
    store = (tmp_path / "store").as_uri()
    (tmp_path / "store").mkdir()
    assert archiver("sync", "push", "-c", "news", store).code == 0
    assert run(["--root", str(tmp_path / "other"), "sync", "pull", "-c", "news", store]) == 0
    other = Root(tmp_path / "other").collection("news")
    assert rules(other).standing == rules(news).standing != ()
    assert kinds(other) == ["takedown", "open", "open"]
    assert verify_collection(other).findings == ()


def test_an_erasure_tells_which_rules_name_the_address_that_went(archiver, news):
    first = ids(news)[0]
    for pattern in ("http://A.example/1", "https://a.example/*", "https://b.example/1"):
        assert archiver("restrict", "-c", "news", "--url", pattern, "--access", "dark", *BY).code == 0
    told = archiver("erase", first, "--basis", "contract", *BY, "--yes", "--json")
    (named,) = [one["where"] for line in lines(told) for one in line["findings"] if one["code"] == "erased-address"]
    assert [one.url for one in rules(news).all if one.name == named] == ["http://A.example/1"]


@pytest.mark.parametrize("command", ["restrict", "repair", "sign"])
def test_whatever_writes_removes_what_killed_commands_left(archiver, news, tmp_path, monkeypatch, command):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    cut_off, mark = news.local("proofs/cut-off"), news.state.marks("news") / "edit-aaaaaaaaaa"
    for file, content in ((cut_off, "{}"), (mark, "proofs/cut-off")):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    archiver("keys", "new", "--name", "News")
    options = {"restrict": ("--all", "--access", "dark", *BY), "repair": ("--from", str(tmp_path / "collections"))}
    done = archiver(command, "-c", "news", *options.get(command, ()))
    assert done.code == 0 and "leftover-removed" in done.err
    assert not cut_off.exists() and not mark.exists()


def test_an_erased_capture_leaves_its_rule_and_nothing_else(archiver, news):
    first = ids(news)[0]
    assert archiver("restrict", first, "--access", "dark", *BY).code == 0
    assert archiver("erase", first, "--basis", "contract", *BY, "--yes").code == 0
    assert kinds(news) == ["open", "open"]
    assert ": 0 captures" in archiver("restrict", "--list").out
    assert [one.level for one in verify_collection(news).findings if one.level == "error"] == []
