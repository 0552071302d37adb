"""Lists counted in memory: the same as counting row by row, whatever is captured, corrected or erased in between."""

import shutil
import sqlite3
from collections import defaultdict
from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.catalogue import feeding, open_catalogue, parse, path_of, tables
from archiver.catalogue.columns import Columns, Part
from archiver.catalogue.shelves import Shelves, Wanted
from archiver.catalogue.tables import Row
from archiver.collection import Root
from stockroom import Invented, add

WHOLE = Part(limit=1000)


def listed(shelves, collections, query="", chosen=None, **part):
    return shelves.find(collections, Wanted(parse(query), chosen or {}, Part(**part)))


def headlines(found):
    return [one.row.headline for one in found.items]


def row(number, page, outlet, verdict, qa, day):
    return Row(
        *(f"c{number:04d}", 1, "", "", f"https://{outlet or 'x'}.example/{page}", f"https://www.p{page}.example/"),
        *(f"2026-{day:02d}-01T00:00:0{number % 10}Z", verdict, 200, "http", f"H{number % 7}", "", outlet, "", ""),
        *("2026-1", "uk", "", False, qa),
    )


ROWS = st.tuples(
    *(st.integers(0, 4), st.sampled_from(["", "A", "B"]), st.sampled_from(["ok", "partial"])),
    *(st.sampled_from(["", "pass"]), st.integers(1, 3), st.lists(st.sampled_from(["Ada", "Bo", "Cy"]), max_size=3)),
)
STEPS = st.lists(st.tuples(st.sampled_from(["enter", "enter", "drop", "check"]), ROWS, st.integers(0, 30)), max_size=30)
CHOSEN = st.fixed_dictionaries(
    {},
    optional={
        "outlet": st.sampled_from(["A", "p1.example", "C"]),
        "author": st.sampled_from(["Ada", "Cy", "Di"]),
        "qa": st.sampled_from(["", "pass"]),
        "captured": st.sampled_from(["2026", "2026-02", "2026-03-01", "2027"]),
    },
)


def by_hand(rows, chosen):
    """Newest capture of each page that matches, and counts, as anybody would do it."""
    pages, counts = defaultdict(list), defaultdict(lambda: defaultdict(set))
    for one, authors in rows.values():
        values = {"outlet": {one.outlet}, "author": set(authors), "verdict": {one.verdict}, "qa": {one.qa}}
        values["captured"] = {one.captured_at[: {0: 4, 4: 7}.get(len(chosen.get("captured", "")), 10)]}
        right = all(
            one.captured_at.startswith(value) if name == "captured" else value in values[name]
            for name, value in chosen.items()
        )
        if right:
            pages[one.final_url].append(one)
            for name, told in values.items():
                for value in told:
                    counts[name][value].add(one.final_url)
    newest = [max(captures, key=lambda one: (one.captured_at, one.id)) for captures in pages.values()]
    newest.sort(key=lambda one: (one.captured_at, one.id), reverse=True)
    told = {name: {value: len(urls) for value, urls in values.items()} for name, values in counts.items()}
    return [(one.id, len(pages[one.final_url])) for one in newest], told


@settings(max_examples=120)
@given(STEPS, CHOSEN)
def test_columns_count_as_one_would_by_hand(steps, chosen):
    database, columns, rows = tables.with_tables(":memory:"), Columns(), {}

    def read(statement, values):
        return database.execute(statement, values).fetchall()

    for number, (step, (page, outlet, verdict, qa, day, authors), other) in enumerate(steps):
        if step == "enter":
            made = row(number, page, outlet, verdict, qa, day)
            feeding.enter(database, made, {"author": [{"name": name} for name in authors]}, "")
            rows[made.id] = made, authors
        elif rows:
            capture = sorted(rows)[other % len(rows)]
            ((place,),) = read("SELECT number FROM captures WHERE id = ?", (capture,))
            if step == "drop":
                feeding._drop(database, place)
                del rows[capture]
            else:
                for table in ("captures", "keys"):
                    database.execute(f"UPDATE {table} SET qa = ? WHERE number = ?", (qa, place))
                rows[capture] = replace(rows[capture][0], qa=qa), rows[capture][1]
        if other % 3 == 0:
            columns.select(read, None, {}, WHOLE)  # what was seen in between must not stick
    found = columns.select(read, None, chosen, WHOLE)
    ids = dict(read("SELECT number, id FROM captures", ()))
    newest, counts = by_hand(rows, chosen)
    assert [(ids[number], versions) for number, versions in found.newest] == newest
    assert found.pages == len(newest) and found.captures == sum(versions for _, versions in newest)
    for name in ("outlet", "author", "verdict", "qa", "captured"):
        assert found.counts[name] == counts.get(name, {})
    assert sum(found.days.values()) == found.captures
    assert found.counts["published"] == ({"": len(newest)} if newest else {})
    parts = (columns.select(read, None, chosen, Part(limit=2, offset=offset)).newest for offset in range(0, 10, 2))
    assert [*chain.from_iterable(parts)] == found.newest
    database.close()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two collections with pages of several days."""
    root = Root(tmp_path_factory.mktemp("shelves"))
    for name in ("east", "west"):
        collection = root.create(name, name.title(), agent="test/1")
        for day in range(4):
            url = f"https://{name}.example/{day % 3}"
            published = f"2026-11-{(14 if name == 'west' else 4) - day:02d}"
            add(collection, Invented(url, f"{name} {day}", published=published, days=day + (name == "west") / 2))
    return root


def test_several_collections_are_one_list(root):
    shelves = Shelves(None)
    found = listed(shelves, root.collections(), limit=3)
    assert headlines(found) == ["west 3", "east 3", "west 2"]
    assert [one.versions for one in found.items] == [2, 2, 1]
    assert (found.pages, found.captures) == (6, 8)
    assert found.counts["outlet"] == {"The Dnipro Courier": 6}
    assert found.span == ("2026-11-22", "2026-11-26")
    assert headlines(listed(shelves, root.collections(), limit=4, offset=3)) == ["east 2", "west 1", "east 1"]
    published = ["west 1", "west 2", "west 3", "east 1", "east 2", "east 3"]
    assert headlines(listed(shelves, root.collections(), order="published")) == published
    assert headlines(listed(shelves, root.collections(), order="published", reverse=True)) == published[::-1]
    assert headlines(listed(shelves, root.collections(), order="headline"))[0] == "east 1"
    assert headlines(listed(shelves, root.collections(), "headline:west", order="relevance", limit=2)) == [
        "west 3",
        "west 2",
    ]


def test_what_was_captured_a_moment_ago_is_listed(tmp_path):
    collection, shelves = Root(tmp_path).create("news", "News", agent="test/1"), Shelves(None)
    assert listed(shelves, [collection]).pages == 0
    for number in range(3):
        add(collection, Invented(f"https://news.example/{number}", f"Headline {number}", days=number))
        assert headlines(listed(shelves, [collection], limit=1)) == [f"Headline {number}"]
    path_of(collection).unlink()
    assert listed(shelves, [collection]).pages == 3
    with sqlite3.connect(path_of(collection)) as database:
        database.execute("DELETE FROM changes")
    add(collection, Invented("https://news.example/9", "The newest", days=9))
    assert headlines(listed(shelves, [collection], limit=1)) == ["The newest"]


def test_a_catalogue_that_is_another_one_is_not_taken_for_it(tmp_path):
    """A collection that was restored from elsewhere under the same name has numbers that mean other captures."""
    shelves = Shelves(None)
    for name in ("one", "two"):
        root = Root(tmp_path / name)
        add(root.create("news", "News", agent="test/1"), Invented(f"https://{name}.example/", f"Headline {name}"))
        with open_catalogue(root.collection("news")):
            pass
    place = tmp_path / "one/news"
    assert headlines(listed(shelves, [Root(tmp_path / "one").collection("news")])) == ["Headline one"]
    shutil.rmtree(place)
    shutil.copytree(tmp_path / "two/news", place)
    assert headlines(listed(shelves, [Root(tmp_path / "one").collection("news")])) == ["Headline two"]
