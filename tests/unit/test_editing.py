"""Corrections by people: one capture, many at once, two editors, and what a crash leaves."""

import io
import json
import multiprocessing
import os
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from archiver import extract
from archiver.capture import AGENT
from archiver.cli import run
from archiver.collection import Root
from archiver.collection.entry import Entry
from archiver.editing import Wish, edit, history, rereading, unite
from archiver.errors import ConflictError, EditRefused, UnreadableInput
from archiver.ledger import Chain, Event
from archiver.package import import_all
from archiver.sidecar import Agent, Assertion, Sidecar, dump, successor
from archiver.stores.memory import MemoryStore
from archiver.sync import pull, push
from archiver.verify import verify_collection
from material import bring, collection_with, copied, end_the_process

AT = datetime(2026, 12, 1, 9, 12, tzinfo=UTC)
SIGNED = ("--by", "M. K.", "--reason", "as printed")


@pytest.fixture
def archiver(tmp_path, capfd, monkeypatch):
    """Runs a command in this process: exit code, stdout, stderr."""
    monkeypatch.delenv("ARCHIVER_BY", raising=False)

    def command(*arguments):
        code = run(["--root", str(tmp_path), *map(str, arguments)])
        return code, *capfd.readouterr()

    return command


def wish(capture, value, name="headline", by="M. K.", **changes):
    return Wish(capture, name, value, by, "as printed", confirms=True, **changes)


def headline(collection, capture):
    return collection.sidecar(capture).article.get("headline")


# One capture


def test_an_edit_is_a_revision_with_an_event_and_is_shown_in_the_history(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path)
    first = collection.local(captured.sidecar).read_bytes()
    code, out, _ = archiver("edit", captured.capture_id, "headline=It  fell", *SIGNED, "--json")
    done = json.loads(out)
    change = {"field": "headline", "from": "The bridge stands", "to": "It fell"}
    assert (code, done["status"], done["changes"]) == (0, "changed", [change])
    assert collection.local(captured.sidecar).read_bytes() == first
    current = collection.sidecar(captured.capture_id)
    assert (current.headline, current.parents) == ("It fell", [captured.sidecar.removeprefix("sidecars/")])
    *_, (event,) = [segment.events[-1:] for segment in collection.history()]
    assert (event.type, event.codes) == ("metadata modification", ("edit",))
    assert [file.path for file in event.objects] == [done["sidecar"]]
    code, out, _ = archiver("history", captured.capture_id, "--json")
    entered, edited = [json.loads(line) for line in out.splitlines()]
    assert (entered["event"], entered["current"], edited["current"]) == ("capture", False, True)
    assert (entered["revision"], edited["revision"], edited["sidecar"]) == (1, 2, done["sidecar"])
    [told] = edited["changes"]
    assert told == change | {
        "method": "human",
        "by": {"type": "person", "name": "M. K."},
        "at": current.assertions[-1].at,
        "reason": "as printed",
    }
    assert {one["field"]: one["method"] for one in entered["changes"]}["headline"] == "json-ld"
    assert verify_collection(collection).findings == ()


def test_the_history_for_people(archiver, tmp_path):
    _, [captured] = collection_with(tmp_path)
    archiver("edit", captured.capture_id, "headline=It fell", "author=Ann; Bo", *SIGNED)
    archiver("edit", captured.capture_id, "headline=The bridge stands", "author=", "inLanguage=en", *SIGNED)
    _, out, _ = archiver("history", captured.capture_id)
    out = re.sub(r"[0-9a-f]{12}\.json", "DIGEST.json", out.replace(captured.capture_id, "ID"))
    lines = [line for line in out.splitlines() if "metadata" not in line]
    assert lines[-7:] == [
        "  ID.r2-DIGEST.json",
        "    headline: The bridge stands → It fell  (M. K.: as printed)",
        "    author: Olha Kovalenko → Ann; Bo  (M. K.: as printed)",
        "  ID.r3-DIGEST.json, current",
        "    headline: It fell → The bridge stands  (M. K.: as printed)",
        "    author: Ann; Bo → (none)  (M. K.: as printed)",
        "    inLanguage: said as well: en  (M. K.: as printed)",
    ]


def test_what_a_person_said_already_is_not_said_again(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path)
    for status in ("changed", "unchanged"):  # the first confirms what software read
        _, out, _ = archiver("edit", captured.capture_id, "headline=The bridge stands", *SIGNED, "--json")
        assert json.loads(out)["status"] == status
    assert len(collection.revisions(captured.capture_id)) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "not clear what to change"),
        (("ID",), "not clear what to change"),
        (("ID", "headline"), "no change"),
        (("ID", "colour=red"), "not a property"),
        (("ID", "headline=a", "headline=b"), "given twice"),
        (("ID", "headline=a", "--unite"), "not clear what to change"),
        (("ID", "--csv", "x.csv"), "not clear what to change"),
        (("ID", "--from", "missing.json"), "no such file"),
        (("ID", "datePublished=yesterday"), "datePublished: "),
        (("ID", "inLanguage=!"), "inLanguage: "),
        (("ID", "headline="), "cannot be without it"),
        (("ID", "headline=a\x1b[31m"), "control character"),
        (("ID", "headline=a\x85b"), "control character"),
        (("20261122T140112Z-aaaaaaaaaa", "headline=a"), "no capture"),
        (("nonsense", "headline=a"), "no capture"),
    ],
)
def test_what_cannot_be_edited_is_refused_in_a_sentence(archiver, tmp_path, arguments, said):
    collection, [captured] = collection_with(tmp_path)
    before = collection.files()
    code, out, err = archiver("edit", *(captured.capture_id if one == "ID" else one for one in arguments), *SIGNED)
    assert (code, out) == (2, "")
    assert said in err and "unforeseen" not in err
    assert collection.files() == before
    assert verify_collection(collection).findings == ()


def test_who_and_why_must_be_said(archiver, tmp_path, monkeypatch):
    _, [captured] = collection_with(tmp_path)
    change = ("edit", captured.capture_id, "headline=It fell")
    assert "who makes" in archiver(*change, "--reason", "r")[2]
    assert "why" in archiver(*change, "--by", "M. K.", "--reason", " ")[2]
    assert "control character" in archiver(*change, "--by", "M.\x9bK.", "--reason", "r")[2]
    monkeypatch.setenv("ARCHIVER_BY", "From the environment")
    archiver(*change, "--reason", "r")
    settings = tmp_path / "archiver.toml"
    settings.write_text('[edit]\nby = "From the settings"\n')
    monkeypatch.setenv("ARCHIVER_CONFIG", str(settings))
    monkeypatch.delenv("ARCHIVER_BY")
    archiver(*change[:2], "headline=It stands", "--reason", "r")
    said = [one.by.name for one in Root(tmp_path).find(captured.capture_id)[1].assertions if one.method == "human"]
    assert said == ["From the environment", "From the settings"]


def test_a_warning_does_not_hinder(archiver, tmp_path):
    _, [captured] = collection_with(tmp_path)
    code, _, err = archiver("edit", captured.capture_id, "datePublished=2031", *SIGNED)
    assert code == 0
    assert "date-after-capture" in err


def test_a_dry_run_shows_and_changes_nothing(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path)
    before = collection.files()
    code, out, _ = archiver("edit", captured.capture_id, "headline=It fell", *SIGNED, "--dry-run")
    assert (code, out.splitlines()[1]) == (0, "  headline: The bridge stands → It fell")
    assert collection.files() == before


def test_a_clock_that_went_back_does_not_hide_an_edit(tmp_path):
    collection, [captured] = collection_with(tmp_path)
    edit(collection, [wish(captured.capture_id, "First")], at=AT)
    edit(collection, [wish(captured.capture_id, "Second")], at=AT.replace(year=2020))
    assert headline(collection, captured.capture_id) == "Second"
    assert [one.at for one in collection.sidecar(captured.capture_id).assertions[-2:]] == [
        "2026-12-01T09:12:00.000000Z",
        "2026-12-01T09:12:00.000001Z",
    ]


# From a file


def test_a_hand_written_article(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path)
    file = tmp_path / "article.json"
    people = [{"@type": "Organization", "name": "Агентство"}]
    article = {"@type": "NewsArticle", "headline": "The bridge stands", "author": people, "keywords": "a, b"}
    file.write_text(json.dumps({"article": article | {"wordCount": None}}))
    code, out, _ = archiver("edit", captured.capture_id, "--from", file, *SIGNED, "--json")
    assert code == 0
    assert [one["field"] for one in json.loads(out)["changes"]] == ["author", "keywords", "wordCount"], "what differs"
    current = collection.sidecar(captured.capture_id).article
    assert (current["author"], current["keywords"], "wordCount" in current) == (people, ["a", "b"], False)


def test_files_may_come_by_standard_input(archiver, tmp_path, monkeypatch):
    collection, [captured] = collection_with(tmp_path)
    texts = ('{"article": {"headline": "By pipe"}}', f"id,field,value\n{captured.capture_id},headline,By pipe again\n")
    for option, text in zip(((captured.capture_id, "--from", "-"), ("--csv", "-")), texts, strict=True):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert archiver("edit", *option, *SIGNED)[0] == 0
    assert headline(collection, captured.capture_id) == "By pipe again"


def test_a_whole_sidecar_that_was_changed_by_hand(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path)
    file = tmp_path / "whole.json"
    document = json.loads(archiver("show", captured.capture_id, "--json")[1])["sidecar"]
    document["article"]["headline"] = "By hand"
    file.write_text(json.dumps(document))
    assert archiver("edit", captured.capture_id, "--from", file, *SIGNED)[0] == 0
    assert headline(collection, captured.capture_id) == "By hand"
    code, _, err = archiver("edit", captured.capture_id, "--from", file, *SIGNED)
    assert code == 6, "it was made from the revision before"
    assert "another revision" in err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "1:2"),
        ("[]", "not of the form"),
        ('{"article": 1}', "not of the form"),
        ('{"article": {"headline": "a", "headline": "b"}}', "stands twice"),
        ('{"article": {"@type": "Person"}}', "not NewsArticle"),
        ('{"article": {"colour": "red"}}', "not a property"),
        ('{"article": {"colour": null}}', "not a property"),
        ('{"article": {"headline": 3}}', "headline: "),
        ('{"article": {"isAccessibleForFree": 1}}', "isAccessibleForFree: "),
        ('{"article": {"author": [{"@type": "Person", "name": "\\u0000"}]}}', "author: "),
        ('{"article": {"author": [{"@type": "Person", "name": "\\u009b"}]}}', "control character"),
        ('{"article": {}, "rights": {"access": "dark"}}', "'rights' cannot be edited"),
        ('{"article": {}, "id": "20261122T140112Z-aaaaaaaaaa"}', "'id' cannot be edited"),
    ],
)
def test_what_is_no_article_is_refused(archiver, tmp_path, content, said):
    collection, [captured] = collection_with(tmp_path)
    file = tmp_path / "article.json"
    file.write_text(content)
    before = collection.files()
    code, _, err = archiver("edit", captured.capture_id, "--from", file, *SIGNED)
    assert code == 2 and said in err
    assert collection.files() == before


# From a table


def test_a_table_changes_many_by_one_line(archiver, tmp_path):
    collection, [one, other] = collection_with(tmp_path, 2)
    table = tmp_path / "table.csv"
    rows = [f'{one.capture_id},headline,"It, ""fell""",seen', f"{other.capture_id},author,Ann; Bo,", ",,,"]
    rows += [f"{one.capture_id},inLanguage,en,the same"]
    table.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(["id,field,value,reason", *rows, ""]).encode())
    before = collection.files()
    code, out, _ = archiver("edit", "--csv", table, *SIGNED, "--dry-run")
    assert code == 0 and "  author: Olha Kovalenko → Ann; Bo" in out
    assert collection.files() == before
    assert archiver("edit", "--csv", table, *SIGNED)[0] == 0
    *_, segment = collection.history()
    assert len(segment.events[-1].objects) == 2
    assert headline(collection, one.capture_id) == 'It, "fell"'
    said = [(each.value, each.reason) for each in collection.sidecar(one.capture_id).assertions if each.reason]
    assert said == [('It, "fell"', "seen")], "what software says the same is not confirmed by the row of a table"
    assert verify_collection(collection).findings == ()
    assert archiver("edit", "--csv", table, *SIGNED)[1].count("nothing to change") == 2


def test_a_table_with_any_wrong_row_changes_nothing_and_tells_of_all(archiver, tmp_path):
    collection, [one] = collection_with(tmp_path)
    table = tmp_path / "table.csv"
    rows = [f"{one.capture_id};datePublished;soon;r", f"{one.capture_id};headline;Good;r", "nobody;headline;x;r"]
    table.write_text("\n".join(["id;field;value;reason", *rows]))
    before = collection.files()
    code, out, err = archiver("edit", "--csv", table, "--by", "M. K.")
    assert (code, out) == (2, "")
    assert f"{table}:2: datePublished" in err and f"{table}:4: There is no capture 'nobody'" in err
    assert "2 of the changes cannot be made, and none was" in err
    assert collection.files() == before


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", ":1: the column id is missing"),
        ("id,field,vaule\n", ":1: the column value is missing"),
        ("id,field,value,resaon\n", "'resaon' is no column"),
        ("id,field,value,value\n", "twice"),
        ("id,field,value\na,b\n", ":2: this is no row of a table"),
        ('id,field,value\na,headline,"x\n', "this is no row of a table"),
        ("id,field,value\na,colour,x\n", ":2: 'colour' is not a property"),
        ("id,field,value\na,headline,x\na,headline,y\n", ":3: "),
        ("id,field,value\na,headline,\x1b[1m\n", ":2: There is a control character"),
        ('id,field,value\na,headline,"x\n\ny"\na,wordCount,many\n', ":5: 'many' is no value"),
    ],
)
def test_what_is_no_table_is_refused(archiver, tmp_path, table, said):
    collection_with(tmp_path)
    file = tmp_path / "table.csv"
    file.write_text(table)
    code, _, err = archiver("edit", "--csv", file, *SIGNED)
    assert code == 2 and said in err, err


def test_a_table_reaches_all_collections(archiver, tmp_path):
    collection, [one] = collection_with(tmp_path)
    second, [two] = collection_with(tmp_path, name="more")
    table = tmp_path / "table.csv"
    table.write_text(f"id,field,value,by,reason\n{one.capture_id},headline,A,X,r\n{two.capture_id},headline,B,Y,r\n")
    code, out, _ = archiver("edit", "--csv", table, "--json")
    assert code == 0
    assert [json.loads(line)["collection"] for line in out.splitlines()] == ["more", "news"]
    assert (headline(collection, one.capture_id), headline(second, two.capture_id)) == ("A", "B")


# Two editors


def test_two_editors_are_united_until_one_saves_it(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path / "a")
    identity = captured.capture_id
    other = copied(collection, tmp_path / "b")
    edit(collection, [wish(identity, "Mine"), wish(identity, "a", "description")], at=AT)
    edit(other, [wish(identity, "Yours", by="O. P.")], at=AT.replace(hour=10))
    bring(collection, other)
    bring(other, collection)
    assert headline(collection, identity) == headline(other, identity) == "Yours"
    assert collection.sidecar(identity).article["description"] == "a"
    [finding] = verify_collection(collection).findings
    assert (finding.level, finding.code) == ("warning", "sidecar-fork")
    assert f"archiver edit {identity} --unite" in finding.hint
    assert [one.is_current for one in history(collection, identity)] == [False, True, True]
    assert (
        archiver("--root", tmp_path / "a", "edit", identity, "--unite")[1].strip()
        == f"{identity}: united in revision 3"
    )
    united_here, united_there = collection.revisions(identity)[-1], unite(other, identity).revision.file_name
    assert united_here == f"sidecars/{united_there}", "both make the same file"
    bring(collection, other)
    assert verify_collection(other).findings == ()
    assert unite(other, identity).status == "unchanged"
    assert headline(other, identity) == "Yours"


def test_the_next_edit_saves_the_union(tmp_path):
    collection, [captured] = collection_with(tmp_path / "a")
    other = copied(collection, tmp_path / "b")
    for place, value in ((collection, "Mine"), (other, "Yours")):
        edit(place, [wish(captured.capture_id, value)], at=AT)
    bring(other, collection)
    edit(collection, [wish(captured.capture_id, "One", "description")], at=AT)
    current = collection.sidecar(captured.capture_id)
    assert len(current.parents) == 2 and current.headline == "Yours"
    assert {"Mine", "Yours", "One"} <= {one.value for one in current.assertions if one.method == "human"}
    assert verify_collection(collection).findings == ()


def test_two_machines_meet_in_a_store(tmp_path):
    here, [captured] = collection_with(tmp_path / "here")
    store = MemoryStore()
    push(here, store)
    there = Root(tmp_path / "there").place("news")
    pull(there, store)
    edit(here, [wish(captured.capture_id, "Here")], at=AT)
    edit(there, [wish(captured.capture_id, "There", "description")], at=AT)
    for collection in (here, there, here):
        push(collection, store)
        pull(collection, store)
    for collection in (here, there):
        article = collection.sidecar(captured.capture_id).article
        assert (article["headline"], article["description"]) == ("Here", "There")
        assert [one.code for one in verify_collection(collection).findings] == ["sidecar-fork"]
        unite(collection, captured.capture_id)  # on both, before they meet again
    for collection in (here, there, here):
        push(collection, store)
        pull(collection, store)
    for collection in (here, there):
        assert verify_collection(collection).findings == ()
        assert len(collection.revisions(captured.capture_id)) == 4


def editing_process(root, capture, editor, count):
    collection = Root(root).collection("news")
    for number in range(count):
        edit(collection, [wish(capture, f"{editor}{number}", by=editor)])


def test_two_processes_at_one_capture_lose_nothing(tmp_path):
    collection, [captured] = collection_with(tmp_path)
    context = multiprocessing.get_context("fork")
    editors = [
        context.Process(target=editing_process, args=(tmp_path, captured.capture_id, name, 6)) for name in ("Ann", "Bo")
    ]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    assert [editor.exitcode for editor in editors] == [0, 0]
    said = [one.value for one in collection.sidecar(captured.capture_id).assertions if one.method == "human"]
    assert sorted(said) == sorted(f"{name}{number}" for name in ("Ann", "Bo") for number in range(6))
    assert len(collection.heads(captured.capture_id)) == 1
    assert verify_collection(collection).findings == ()


# What a crash leaves


STEPS = [
    (Entry, "claim"),
    (Entry, "add"),
    (Entry, "schemas"),
    (Chain, "append"),
    (Chain, "_write_head"),
    (Entry, "enter"),
]


@pytest.mark.parametrize(("place", "step"), STEPS, ids=[step for _, step in STEPS])
@pytest.mark.parametrize("when", ["before", "after"])
def test_dying_at_any_step_leaves_no_edit_or_the_whole(archiver, tmp_path, place, step, when):
    collection, captures = collection_with(tmp_path, 2)
    (collection.path / "schemas" / "sidecar-1.0.0.json").unlink()  # so that there is one to be completed
    wishes = [wish(one.capture_id, "It fell") for one in captures]
    if not (child := os.fork()):
        original = getattr(place, step)

        def dying(*arguments, **options):
            if when == "after":
                original(*arguments, **options)
            os._exit(9)

        setattr(place, step, dying)
        edit(collection, wishes)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    values = {headline(collection, one.capture_id) for one in captures}
    assert values in ({"It fell"}, {"The bridge stands"}), "both or none"
    leftovers = {one.code for one in verify_collection(collection).findings} - {"file-missing"}
    assert leftovers in (set(), {"leftover"})
    code, _, err = archiver("edit", captures[0].capture_id, "description=next", *SIGNED)
    assert code == 0 and ("leftover-" in err or not leftovers)
    assert {headline(collection, one.capture_id) for one in captures} == values
    assert {one.code for one in verify_collection(collection).findings} <= {"file-missing"}


@pytest.mark.parametrize(("place", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_full_disk_at_any_step_changes_nothing_or_all(tmp_path, monkeypatch, place, step):
    collection, [captured] = collection_with(tmp_path)

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(place, step, full)
    with pytest.raises(OSError, match="No space"):
        edit(collection, [wish(captured.capture_id, "It fell")])
    monkeypatch.undo()
    collection.clear_leftovers()
    assert headline(collection, captured.capture_id) == ("It fell" if step == "_write_head" else "The bridge stands")
    assert verify_collection(collection).findings == ()


# What came from elsewhere


def enter(collection, document):
    """A revision by a foreign hand, entered as it is."""
    collection.revise(lambda: [Sidecar(document, dump(document))], Event("metadata modification", "other/1.0"))


def test_a_sidecar_of_a_newer_version_is_not_redone(tmp_path):
    collection, [captured] = collection_with(tmp_path)
    first = collection.sidecar(captured.capture_id)
    newer = {"$schema": "urn:archiver:schema:sidecar:9.0.0", "parents": [first.file_name], "mood": "blue"}
    enter(collection, first.document | newer)
    with pytest.raises(UnreadableInput, match=r"9\.0\.0"):
        edit(collection, [wish(captured.capture_id, "It fell")])


def test_a_revision_of_an_absurd_number_is_followed_by_none(tmp_path):
    collection, [captured] = collection_with(tmp_path)
    first = collection.sidecar(captured.capture_id)
    enter(collection, first.document | {"parents": [first.file_name.replace(".r1-", ".r999998-")]})
    with pytest.raises(ConflictError):
        edit(collection, [wish(captured.capture_id, "It fell")])


def test_an_earlier_revision_that_is_gone_hinders_nobody_but_is_told(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path)
    edit(collection, [wish(captured.capture_id, "It fell")])
    collection.local(captured.sidecar).unlink()
    edit(collection, [wish(captured.capture_id, "It stands")])
    assert headline(collection, captured.capture_id) == "It stands"
    assert [one.code for one in verify_collection(collection).findings] == ["file-missing"]
    _, out, _ = archiver("history", captured.capture_id)
    assert "cannot be read" in out and "It fell → It stands" in out


def test_a_revision_that_follows_what_is_not_here_is_told(tmp_path):
    collection, [captured] = collection_with(tmp_path)
    first = collection.sidecar(captured.capture_id)
    enter(collection, first.document | {"parents": [first.file_name.replace(".r1-", ".r2-")]})
    found = {one.code for one in verify_collection(collection).findings}
    assert found == {"sidecar-parent", "sidecar-fork"}


def test_a_hostile_history_steers_no_terminal(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path)
    first = collection.sidecar(captured.capture_id)
    evil = "x\x1b]0;y\x07\u202e\nz"
    claims = [one | {"value": evil, "by": {"type": "person", "name": evil}, "method": "human", "reason": evil}
              for one in first.document["assertions"][:1]]  # fmt: skip
    enter(collection, first.document | {"parents": [first.file_name], "assertions": claims})
    code, out, _ = archiver("history", captured.capture_id)
    assert code == 0
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out)


def test_a_refusal_names_every_change(tmp_path):
    collection, [captured] = collection_with(tmp_path)
    wishes = [wish(captured.capture_id, "soon", "datePublished"), wish(captured.capture_id, "!", "inLanguage")]
    with pytest.raises(EditRefused) as caught:
        edit(collection, wishes)
    assert [message.partition(":")[0] for _, message, _ in caught.value.complaints] == ["datePublished", "inLanguage"]


# Read again


def misread(collection, capture, name="headline", value="Misread", method="json-ld"):
    """A revision as a former version of the software would have read the page."""
    before = collection.sidecar(capture)
    by = Agent("software", "archiver", "0.0.1")
    old = Assertion(f"/article/{name}", value, method, by, "2026-11-23T00:00:00Z", "x", "y", 1.0)
    others = [one for one in before.assertions if (one.about, one.method) != (old.about, method)]
    collection.revise(
        lambda: [successor(before, reread=[*others, old])], Event("metadata modification", "archiver/0.0.1")
    )


def test_reading_again_replaces_what_software_read_but_never_what_a_person_said(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path)
    identity = captured.capture_id
    misread(collection, identity)
    misread(collection, identity, "description", "Also misread", "meta")
    archiver("edit", identity, "author=Ann", *SIGNED)
    before = collection.files()
    code, out, _ = archiver("extract", identity, "--dry-run")
    assert code == 0 and "  headline: Misread → The bridge stands" in out
    assert collection.files() == before
    code, out, _ = archiver("extract", identity, "--json")
    fields = {one["field"]: (one["from"], one["to"]) for one in json.loads(out)["changes"]}
    assert code == 0
    assert fields["headline"] == ("Misread", "The bridge stands")
    assert fields["description"] == ("Also misread", None)
    current = collection.sidecar(identity)
    assert current.article["author"] == [{"@type": "Person", "name": "Ann"}]
    assert "Misread" not in [one.value for one in current.assertions]
    [*_, last] = [event for segment in collection.history() for event in segment.events]
    assert (last.type, last.codes) == ("metadata modification", ("extraction",))
    misreading, both = [one for one in history(collection, identity) if one.changes][1:3]
    assert [change.after for change, _ in misreading.changes] == ["Misread"], "the history keeps it"
    assert both.claims == (1, 0)
    assert json.loads(archiver("extract", identity, "--json")[1])["status"] == "unchanged"
    assert verify_collection(collection).findings == ()


def test_what_is_found_as_before_makes_no_revision(archiver, tmp_path):
    collection, captures = collection_with(tmp_path, 2)
    before = collection.files()
    code, out, _ = archiver("extract", "-c", "news", "--json")
    assert code == 0
    done = [json.loads(line) for line in out.splitlines()]
    assert {one["capture_id"]: one["status"] for one in done} == {one.capture_id: "unchanged" for one in captures}
    assert collection.files() == before


def test_many_are_read_on_all_cores(archiver, tmp_path, monkeypatch):
    collection, captures = collection_with(tmp_path, 2)
    misread(collection, captures[1].capture_id)
    monkeypatch.setattr(rereading, "MANY", 2)
    monkeypatch.setattr(rereading, "BATCH", 1)
    code, out, _ = archiver("extract", "-c", "news", "--json")
    done = {one["capture_id"]: one["status"] for one in map(json.loads, out.splitlines())}
    assert (code, done) == (0, {captures[0].capture_id: "unchanged", captures[1].capture_id: "changed"})


def test_a_page_that_ends_its_reader_is_told(archiver, tmp_path, monkeypatch):
    collection_with(tmp_path, 2)
    monkeypatch.setattr(rereading, "MANY", 2)
    monkeypatch.setattr(rereading, "_read", end_the_process)
    code, _, err = archiver("extract", "-c", "news")
    assert code == 1 and "ended the process" in err and "unforeseen" not in err


def test_what_a_feed_said_stays(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path)
    misread(collection, captured.capture_id, "articleSection", "Cities", "feed")
    misread(collection, captured.capture_id)
    archiver("extract", captured.capture_id)
    current = collection.sidecar(captured.capture_id).article
    assert (current["headline"], current["articleSection"]) == ("The bridge stands", "Cities")


def test_what_only_the_rendered_page_said_stays(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path)
    before = collection.sidecar(captured.capture_id)
    served = [replace(one, source="served") for one in before.assertions]
    shown = replace(served[0], about="/article/articleSection", value="Cities", source="rendered")
    collection.revise(
        lambda: [successor(before, [shown], reread=served)], Event("metadata modification", "archiver/0.0")
    )
    assert json.loads(archiver("extract", captured.capture_id, "--json")[1])["status"] == "unchanged"
    misread(collection, captured.capture_id)
    archiver("extract", captured.capture_id)
    current = collection.sidecar(captured.capture_id).article
    assert (current["headline"], current["articleSection"]) == ("The bridge stands", "Cities")


def test_a_voice_that_breaks_today_does_not_lose_what_it_said(archiver, tmp_path, monkeypatch):
    collection, [captured] = collection_with(tmp_path)
    misread(collection, captured.capture_id, "inLanguage", "uk", "url")
    before = collection.sidecar(captured.capture_id)

    def broken(_page):
        raise RuntimeError

    monkeypatch.setitem(extract._VOICES, "json-ld", broken)
    code, _, err = archiver("extract", captured.capture_id)
    assert code == 0 and "extract-voice" in err
    after = collection.sidecar(captured.capture_id)
    assert before.headline == after.headline == "The bridge stands"
    assert "json-ld" in {one.method for one in after.assertions}


def test_imported_pages_are_read_again_from_their_file(archiver, tmp_path):
    elsewhere, [captured] = collection_with(tmp_path / "elsewhere")
    collection = Root(tmp_path).create("news", "News", agent=AGENT)
    [imported] = import_all([elsewhere.local(captured.warc)], collection)
    [identity] = imported.captures
    misread(collection, identity)
    code, out, _ = archiver("extract", "-c", "news")
    assert code == 0 and "  headline: Misread → The bridge stands" in out


def test_a_page_that_is_gone_is_told_and_the_others_go_on(archiver, tmp_path):
    collection, [one, other] = collection_with(tmp_path, 2)
    misread(collection, one.capture_id)
    misread(collection, other.capture_id)
    collection.local(one.warc).write_bytes(b"")
    code, out, err = archiver("extract", one.capture_id, other.capture_id)
    assert code == 1
    assert "page-unreadable" in err and one.capture_id in err
    assert f"{other.capture_id}: revision 3" in out
    assert headline(collection, one.capture_id) == "Misread"


@pytest.mark.parametrize("arguments", [(), ("ID", "--batch"), ("--dry-run",), ("ID", "--html", "x", "--url", "y")])
def test_what_to_read_must_be_clear(archiver, tmp_path, arguments):
    _, [captured] = collection_with(tmp_path)
    code, _, err = archiver("extract", *(captured.capture_id if one == "ID" else one for one in arguments))
    assert code == 2 and "Name captures by ID" in err
