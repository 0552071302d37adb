"""What `show`, `diff`, `list` and `search` tell, as people and programs get it."""

import json
import re
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.catalogue.paragraphs import Patience, flat, paragraphs
from archiver.catalogue.words import UNIT
from archiver.cli import run
from archiver.collection import Root
from stockroom import Invented, add

URL = "https://courier.example/power"
FIRST = "Repair crews worked all night on the lines.\nThe grid held when frost came.\nNobody was hurt, the mayor said."
SECOND = (
    "Repair crews worked two nights on the lines.\nThe grid held when frost came.\nOne man was hurt, the mayor said."
)


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A root with two captures of one page, and the ids."""
    root = tmp_path_factory.mktemp("difference")
    collection = Root(root).create("news", "News", agent="test/1")
    old = add(collection, Invented(URL, text=FIRST))
    new = add(collection, Invented(URL, "Lights are back", published="2026-11-21", text=SECOND, days=1))
    return root, old.capture_id, new.capture_id


@pytest.fixture
def archiver(stock, capfd):
    """Runs a command in this process: exit code, stdout, stderr."""

    def command(*arguments):
        code = run(["--root", str(stock[0]), *map(str, arguments)])
        return code, *capfd.readouterr()

    return command


def test_a_difference_in_words(archiver, stock):
    _, old, new = stock
    code, out, _ = archiver("diff", new)
    assert code == 0
    assert out == archiver("diff", old, new)[1]
    assert "\x1b" not in out
    assert "headline:\n  - Lights are back in the east\n  + Lights are back\n" in out
    assert "datePublished:\n  - 2026-11-20T07:30:00+02:00\n  + 2026-11-21\n" in out
    assert "text: 4 words added, 3 removed\n" in out
    assert "worked [-all night-] [+two nights+] on the lines." in out
    assert "\n  [-Nobody-] [+One man+] was hurt" in out


def test_a_difference_as_json(archiver, stock):
    _, old, new = stock
    read = json.loads(archiver("diff", old, new, "--json")[1])
    assert (read["before"]["id"], read["after"]["id"]) == (old, new)
    assert {"name": "headline", "before": "Lights are back in the east", "after": "Lights are back"} in read["changes"]
    assert read["text"] == {
        "words_added": 4,
        "words_removed": 3,
        "paragraphs": {"added": 0, "removed": 0, "changed": 2, "moved": 0, "same": 1},
        "changes": [{"removed": "all night"}, {"added": "two nights"}, {"removed": "Nobody"}, {"added": "One man"}],
    }
    back = json.loads(archiver("diff", new, old, "--json")[1])
    assert back["text"]["words_added"] == 3


def test_the_same_is_no_difference(archiver, stock):
    code, out, _ = archiver("diff", stock[1], stock[1])
    assert code == 0
    assert out.splitlines()[2:] == ["text: 0 words added, 0 removed"]


def test_the_first_capture_of_a_page_differs_from_nothing(archiver, stock):
    code, _, err = archiver("diff", stock[1])
    assert code == 2
    assert "first capture of its page" in err


def test_a_capture_tells_where_its_values_came_from(archiver, stock):
    code, out, _ = archiver("show", stock[1])
    assert code == 0
    assert re.search(r"headline +Lights are back in the east\n +from json-ld at \S+; also ", out)
    assert f"\nrevisions\n  sidecars/{stock[1]}.r1-" in out
    [read] = [json.loads(line) for line in archiver("show", stock[1], "--json")[1].splitlines()]
    headline = next(one for one in read["values"] if one["name"] == "headline")
    assert headline["value"] == "Lights are back in the east"
    assert headline["sources"][0]["method"] == "json-ld"
    assert [file["path"].partition("/")[0] for file in read["files"]] == ["archive", "sidecars"]
    assert all(file["present"] for file in read["files"])
    assert read["sidecar"]["id"] == stock[1]


def test_search_as_people_see_it(archiver, stock):
    code, out, err = archiver("search", "grid", "author:kovalenko", "--limit", 1)
    assert (code, err) == (0, "2 captures match; these are 1 of them.\n")
    assert "The grid held when frost came." in out and "\x1b" not in out
    code, out, err = archiver("search", "nothing")
    assert (code, out, err) == (0, "", "0 captures match.\n")


def test_search_as_programs_see_it(archiver, stock):
    lines = [json.loads(line) for line in archiver("search", "held", "-headline:east", "--json")[1].splitlines()]
    assert [line["id"] for line in lines] == [stock[2]]
    text, marks = lines[0]["excerpt"]["text"], lines[0]["excerpt"]["marks"]
    assert [text[begin:end] for begin, end in marks] == ["held"]
    counted = json.loads(archiver("search", "grid", "--facets", "--json")[1])
    assert counted["verdict"] == {"ok": 2}


@pytest.mark.parametrize("query", [['"open'], ["colour:red"], ["after:soon"], ["a", "OR", "b"], ["-"], ["—"]])
def test_a_query_that_makes_no_sense_is_wrong_usage(archiver, query):
    for command in ("search", "list"):
        code, out, err = archiver(command, *query)
        assert (code, out) == (2, "")
        assert err.startswith("archiver: ") and len(err.splitlines()) == 2


def test_exports_of_the_command_line(archiver, stock):
    assert archiver("search", "grid", "--format", "ris")[1].count("TY  - NEWS\r\n") == 2
    assert archiver("list", "--format", "csv", "--limit", 1, "--order", "published", "--reverse")[1].count(stock[1]) > 0
    [line] = archiver("list", f"id:{stock[2]}", "--format", "jsonl")[1].splitlines()
    assert json.loads(line)["article"]["headline"] == "Lights are back"


def test_a_correction_is_found_and_what_it_replaced_is_not(tmp_path, capfd):
    collection = Root(tmp_path).create("news", "News", agent="test/1")
    capture = add(collection, Invented(URL)).capture_id
    assert run(["--root", str(tmp_path), "search", "headline:lights", "--json"]) == 0
    edit = ["edit", capture, "headline=Dark again", "--reason", "misread", "--by", "Olha"]
    assert run(["--root", str(tmp_path), *edit]) == 0
    capfd.readouterr()
    for query, ids in (("headline:dark", [capture]), ("headline:lights", [])):
        assert run(["--root", str(tmp_path), "search", query, "--json"]) == 0
        assert [json.loads(line)["id"] for line in capfd.readouterr().out.splitlines()] == ids
    assert run(["--root", str(tmp_path), "show", capture]) == 0
    out = capfd.readouterr().out
    assert "Dark again\n                      from human, Olha, because: misread; but json-ld: Lights" in out
    assert len(re.findall(rf"^  sidecars/{capture}\.r\d", out, re.MULTILINE)) == 2


TEXTS = st.lists(st.sampled_from(["the", "grid", "held.", "大橋", "міст", "\n", "frost,"]), max_size=30).map(" ".join)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_in_their_difference(old, new):
    told = list(flat(paragraphs(old, new)))
    for text, kind in ((old, "removed"), (new, "added")):
        kept = [unit for piece in told if piece.kind in ("same", kind) for unit in UNIT.findall(piece.text)]
        assert kept == UNIT.findall(text)
    assert old != new or all(piece.kind == "same" for piece in told)


@given(TEXTS, TEXTS)
def test_what_is_too_long_for_difflib_can_be_read_as_well(old, new):
    with mock.patch.object(Patience, "affords", lambda *_: False):
        told = list(flat(paragraphs(old, new)))
    for text, kind in ((old, "removed"), (new, "added")):
        kept = [unit for piece in told if piece.kind in ("same", kind) for unit in UNIT.findall(piece.text)]
        assert kept == UNIT.findall(text)


def shown(old, new):
    """The paragraphs of a difference: kind (moved ones with a star), and what either text has of it."""
    sign = {True: "*", False: ""}
    return [
        (one.kind + sign[one.moved], " ".join(p.text for p in one.before), " ".join(p.text for p in one.after))
        for one in paragraphs(old, new)
    ]


def test_paragraphs_are_matched_before_words_are():
    old = "Міст стоїть.\nІнженери оглянули опори вранці.\nМер закликав зачекати до весни.\nКінець."
    new = "Міст стоїть.\nНовий абзац, якого не було.\nІнженери оглянули всі опори вранці.\nКінець."
    assert shown(old, new) == [
        ("same", "Міст стоїть.", "Міст стоїть."),
        ("added", "", "Новий абзац, якого не було."),
        ("changed", "Інженери оглянули опори вранці.", "Інженери оглянули всі опори вранці."),
        ("removed", "Мер закликав зачекати до весни.", ""),
        ("same", "Кінець.", "Кінець."),
    ]
    [changed] = [one for one in paragraphs(old, new) if one.kind == "changed"]
    assert [(piece.kind, piece.text) for piece in changed.pieces] == [
        ("same", "Інженери оглянули"),
        ("added", "всі"),
        ("same", "опори вранці."),
    ]


def test_a_paragraph_that_only_moved_says_so():
    first, second, third = "The grid held.", "Nobody was hurt.", "The mayor came at noon."
    told = shown("\n".join([first, second, third]), "\n".join([second, third, first]))
    assert told == [
        ("removed*", first, ""),
        ("same", second, second),
        ("same", third, third),
        ("added*", "", first),
    ]
    twice = shown(f"{first}\n{second}", f"{second}\n{first}\n{first}")
    assert sorted(kind for kind, *_ in twice) == ["added", "added*", "removed*", "same"]


def test_scripts_without_spaces_get_none():
    [changed] = paragraphs("大橋は夜を耐えた。", "大橋は朝を耐えた。")
    assert [(piece.text, piece.apart) for piece in changed.pieces][1:] == [
        ("夜", False),
        ("朝", False),
        ("を耐えた。", False),
    ]


def hostile_texts():
    """Pairs of texts that difflib alone would be hours at."""
    every_other = ["calls" if number % 2 else f"w{number}" for number in range(50_000)]
    changed = [word if number % 2 else f"v{number}" for number, word in enumerate(every_other)]
    unique = [f"u{number}" for number in range(50_000)]
    gaps = [word if number % 2 else f"x{number}" for number, word in enumerate(unique)]
    for parted in (" ", "\n"):
        yield parted.join(every_other), parted.join(changed)
        yield parted.join(unique), parted.join(gaps)
        yield parted.join(["a"] * 50_000), parted.join(["a"] * 25_000 + ["b"] + ["a"] * 26_000)
        yield parted.join(["a", "b"] * 25_000), parted.join(["b", "a"] * 25_000)
        yield parted.join(unique), parted.join(reversed(unique))
    yield "\n".join(f"{word} " * 300 for word in unique[:300]), "\n".join(f"{word} z" * 300 for word in unique[:300])


@pytest.mark.parametrize("number", range(11))
def test_a_hostile_text_is_compared_in_time(number):
    """Nothing is timed here: what is not bounded would run into the limit of all tests."""
    old, new = list(hostile_texts())[number]
    told = list(flat(paragraphs(old, new)))
    kept = [unit for piece in told if piece.kind in ("same", "added") for unit in UNIT.findall(piece.text)]
    assert kept == UNIT.findall(new)


def test_a_long_page_with_a_small_change_still_shows_the_words():
    words = [f"word{number % 700}" for number in range(50_000)]
    lines = [" ".join(words[start : start + 50]) for start in range(0, 50_000, 50)]
    told = shown("\n".join(lines), "\n".join([*lines[:500], lines[500].replace(words[25_007], "чужий"), *lines[501:]]))
    assert [one for one in told if one[0] != "same"] == [
        ("changed", lines[500], lines[500].replace(words[25_007], "чужий"))
    ]
    one_line = flat(paragraphs(" ".join(words), " ".join([*words[:25_000], "чужий", *words[25_001:]])))
    assert [piece.text for piece in one_line if piece.kind != "same"] == [words[25_000], "чужий"]


def test_empty_texts_have_nothing_to_compare():
    assert paragraphs("", "") == paragraphs("\n \n", "") == []
    assert shown("", "a\n\nb") == [("added", "", "a"), ("added", "", "b")]
    assert shown("a", "") == [("removed", "a", "")]
