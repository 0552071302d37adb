"""What a query means, in many languages; that none can do harm; and what is shown of what it finds."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.catalogue import BadQuery, open_catalogue, parse
from archiver.catalogue.columns import Part
from archiver.catalogue.rows import ANY
from archiver.catalogue.searching import Asked, captures, search
from archiver.catalogue.shelves import Shelves, Wanted
from archiver.catalogue.tables import with_tables
from archiver.catalogue.words import excerpt, indexed, tokens
from archiver.collection import Root
from stockroom import Invented, add

GRID = "Repair crews worked all night on the eastern lines.\nThe grid held when the frost came, engineers said."
BRIDGE = "The bridge over the river stands.\nEngineers found no crack in its piers, and the grid of beams is whole."
STREET = "Die Straße am Fluß ist gesperrt.\nLeute gehen zu Fuß über die Brücke, auch José und Zoë."
SCHOOL = (
    "Школа переїхала під землю: п'ять класів уже вчаться.\nДіти кажуть, що в за\u0301мку холодно, а йод закінчився."
)
FOREST = "Ёлка в центре города зажжётся в декабре.\nМэр обещает праздник."
TOWER = "長江大橋在地震後仍然屹立。\n工程師檢查了橋墩。"
ARTICLES = {
    "grid": Invented("https://courier.example/grid", "Lights are back in the east", text=GRID),
    "bridge": Invented(
        "https://lantern.example/2026/bridge", "The bridge stands", "Mykola Bondar", "The Lantern", "City", text=BRIDGE,
        published="2026-11-21", description="No crack was found.", days=1,
    ),
    "street": Invented(
        "https://zeitung.example/strasse", "Straße gesperrt", "Jürgen Groß", "Die Zeitung", "Verkehr", "2025", "de-AT",
        "Über den Fluß kommt niemand.", STREET, 2,
    ),
    "school": Invented(
        "https://novyny.example/shkola", "Школа під землею", "Олена Шевченко", "Новини", "Освіта", "2026-10", "uk",
        "П’ять класів.", SCHOOL, 3,
    ),
    "forest": Invented(
        "https://gazeta.example/elka", "Ёлка зажжётся", "Пётр Ильин", "Газета", "Город", "", "ru", "О празднике.",
        FOREST, 4,
    ),
    "tower": Invented(
        "https://ribao.example/qiao", "大橋無恙", "王小明", "日報", "社會", "2026-11-22T06:00:00+08:00", "zh-Hant",
        "橋", TOWER, 5, status=404,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """The collection, and the name of each article by its capture's id."""
    collection = Root(tmp_path_factory.mktemp("search")).create("news", "News", agent="test/1")
    return collection, {add(collection, article).capture_id: name for name, article in ARTICLES.items()}


@pytest.fixture
def find(stock):
    collection, names = stock

    def found(query, **how):
        return [names[one.row.id] for one in search([collection], Asked(parse(query), **how))[0]]

    return found


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("crack", "bridge"),
        ("ENGINEERS grid", "grid bridge"),
        ('"the grid held"', "grid"),
        ('"grid the held"', ""),
        ("engin*", "grid bridge"),
        ('"over the riv"*', "bridge"),
        ("grid -frost", "bridge"),
        ('-"grid held" engineers', "bridge"),
        ("-engineers", "street school forest tower"),
        ("“grid held”", "grid"),
        ("strasse fluss", "street"),
        ("STRASSE", "street"),
        ("jose zoe brucke", "street"),
        ("п’ять", "school"),
        ("п\u02bcять класів", "school"),
        ("пʼят*", "school"),
        ("замку", "school"),
        ("йод", "school"),
        ("иод", ""),
        ("елка", "forest"),
        ("зажжется", "forest"),
        ("大橋", "tower"),
        ("橋", "tower"),
        ("橋大", ""),
        ("長江 橋墩", "tower"),
        ("author:bondar", "bridge"),
        ("author:bond*", "bridge"),
        ('author:"jurgen gross"', "street"),
        ("author:grid", ""),
        ("headline:lights", "grid"),
        ("headline:grid", ""),
        ("section:city", "bridge"),
        ("publisher:lantern", "bridge"),
        ("text:lights", ""),
        ("language:de", "street"),
        ("language:de-at", "street"),
        ("language:d", None),
        ("-language:en -language:uk", "street forest tower"),
        ("verdict:not-found", "tower"),
        ("verdict:perfect", None),
        ("site:lantern.example", "bridge"),
        ("site:https://LANTERN.example/", "bridge"),
        ("site:example engineers", "grid bridge"),
        ("site:antern.example", ""),
        ("https://lantern.example/2026/bridge", "bridge"),
        ("url:https://lantern.example/*", "bridge"),
        ("url:https://lantern.example/", ""),
        ("lantern.example", "bridge"),
        ("any", ""),
        ("verdict6f6b", ""),
        ("\ue000verdict6f6b", ""),
        ("verdict*", ""),
        ("engineers -langua*", "grid bridge"),
        ("after:2026-11", "grid bridge tower"),
        ("after:2026", "grid bridge school tower"),
        ("published-after:2026-11-21", "bridge tower"),
        ("before:2026-11", "street school"),
        ("published-before:2026-10-15 after:2026", "school"),
        ("-after:2026", "street forest"),
        ("captured-after:2026-11-26", "forest tower"),
        ("captured-before:2026-11-23 engineers", "grid"),
        ("modified-after:2020", ""),
        ("modified-before:2030", ""),
        ("after:yesterday", None),
        ("after:2026-13", None),
        ("colour:red", None),
        ("bridge OR grid", None),
        ('"grid', None),
        ('""', None),
        ("*", None),
        ("-", None),
        ("—", None),
        ("a*", None),
        ("gr*d", None),
        ("verdict:o*", None),
        ("url:", None),
        (" ".join(f"w{number}" for number in range(60)), None),
        ("x" * 3000, None),
    ],
)
def test_what_a_query_finds(find, query, names):
    if names is None:
        with pytest.raises(BadQuery) as told:
            parse(query)
        assert str(told.value).endswith(".") and "\n" not in str(told.value) and told.value.hint
        assert told.value.exit_code == 2
    else:
        assert sorted(find(query)) == sorted(names.split())


def test_the_three_dates_order_apart(find, stock):
    assert find("after:1900", order="published") == ["tower", "bridge", "grid", "school", "street"]
    assert find("after:1900", order="published", reverse=True) == ["street", "school", "grid", "bridge", "tower"]
    assert find("-x", order="captured") == list(ARTICLES)[::-1]
    assert find("-x", order="captured", limit=2, reverse=True) == ["grid", "bridge"]
    assert find("-x", order="headline")[:2] == ["grid", "street"]


def test_a_word_of_the_headline_weighs_more_than_one_of_the_text(tmp_path):
    collection = Root(tmp_path).create("news", "News", agent="test/1")
    add(collection, Invented("https://a.example/1", "Frost", text="Snow came.\nNothing else is told of it today."))
    add(collection, Invented("https://a.example/2", "Snow", text="Frost came.\nNothing else is told of it today."))
    found, total = search([collection], Asked(parse("frost"), "relevance"))
    assert [one.row.headline for one in found] == ["Frost", "Snow"]
    assert total == 2 and found[0].score < found[1].score < 0


def test_facets_count_what_matches(stock):
    query = Wanted(parse("-language:en"), part=Part(limit=0, counted="captures"))
    counted = Shelves(None).find([stock[0]], query).counts
    assert counted["language"] == {"de-AT": 1, "ru": 1, "uk": 1, "zh-Hant": 1}
    assert counted["verdict"]["not-found"] == 1
    assert counted["published"] == {"2026": 2, "": 1, "2025": 1}
    assert counted["section"]["Освіта"] == 1


def test_facets_count_every_capture_or_every_page(tmp_path):
    collection = Root(tmp_path).create("news", "News", agent="test/1")
    for day, status in enumerate((200, 200, 404)):
        add(collection, Invented("https://a.example/1", "Frost", "Ada", days=day, status=status))
    add(collection, Invented("https://a.example/2", "Snow"))
    counted = {
        unit: Shelves(None).find([collection], Wanted(part=Part(limit=0, counted=unit)))
        for unit in ("captures", "pages", "")
    }
    assert counted["captures"].counts["verdict"] == {"ok": 3, "not-found": 1}
    assert counted["pages"].counts["verdict"] == {"ok": 2, "not-found": 1}
    assert counted["captures"].counts["author"] == {"Ada": 3, "Olena Kovalenko": 1}
    assert counted["pages"].counts["author"] == {"Ada": 1, "Olena Kovalenko": 1}
    assert counted["captures"].most(1)["verdict"] == {"ok": 3}
    assert not counted[""].counts["verdict"]


def test_several_collections_answer_as_one(tmp_path):
    root = Root(tmp_path)
    for name in ("one", "two"):
        collection = root.create(name, name, agent="test/1")
        for day in (0, 1):
            add(collection, Invented(f"https://{name}.example/{day}", f"{name} {day}", days=day + (name == "two") / 2))
    asked = Asked(parse("-x"), limit=3)
    assert [one.row.headline for one in captures(root.collections(), asked)] == ["two 1", "one 1", "two 0"]
    found, total = search(root.collections(), Asked(parse("one"), "relevance"))
    assert {one.collection for one in found} == {"one"} and total == 2


def test_a_correction_replaces_the_words(tmp_path):
    """The index of words holds no texts; what it was given must be taken back exactly."""
    collection = Root(tmp_path).create("news", "News", agent="test/1")
    captured = add(collection, Invented("https://a.example/1", "Straße", text="Über п’ять 橋 wires.\nMore is said."))
    with open_catalogue(collection) as catalogue:
        number = catalogue.count(parse("strasse wires"))
        row = catalogue.capture(captured.capture_id)
        changed = catalogue.database
        changed.execute("DELETE FROM files")
        changed.execute("DELETE FROM seen")
        changed.commit()
    with open_catalogue(collection) as catalogue:
        assert (number, catalogue.count(parse("strasse wires"))) == (1, 1)
        assert catalogue.capture(captured.capture_id) == row
        catalogue.database.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        statistics = catalogue.database.execute("SELECT count(*) FROM words WHERE words MATCH ?", (f'"{ANY}"',))
        assert statistics.fetchone() == (1,)


@given(st.text(max_size=80) | st.text("ab\"*:-()^+{}' \\ANDORT\0", max_size=40))
def test_no_query_is_an_error_of_the_database(text):
    database = EMPTY
    try:
        query = parse(text)
    except BadQuery:
        return
    conditions, values = query.where
    if query.match:
        database.execute("SELECT rowid FROM words WHERE words MATCH ?", (query.match,)).fetchall()
    if conditions and max(text) < "\ud800":
        database.execute(f"SELECT * FROM captures WHERE {' AND '.join(conditions)}", values).fetchall()


EMPTY = with_tables(":memory:")


@given(st.text(max_size=60))
def test_a_text_is_found_by_its_own_words(text):
    """Folding is the same for both sides, and the tokenizer of the database cuts where we do."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE w USING fts5(t, tokenize='unicode61 remove_diacritics 2')")
    database.execute("INSERT INTO w VALUES (?)", (indexed(text),))
    words = tokens(text)
    for word in words[:5]:
        found = database.execute("SELECT count(*) FROM w WHERE w MATCH ?", (f'"{word}"',)).fetchone()
        assert found == (1,), word
    assert tokens(indexed(text)) == words


@given(
    st.text(max_size=400), st.lists(st.tuples(st.text("abcßдя橋", min_size=1, max_size=3), st.booleans()), max_size=4)
)
def test_marks_stand_within_the_excerpt(text, wanted):
    piece = excerpt(text, [(word, prefix) for one, prefix in wanted for word in tokens(one)])
    assert "\n" not in piece.text
    assert all(0 <= begin < end <= len(piece.text) for begin, end in piece.marks)


def test_an_excerpt_shows_where_the_words_stand():
    text = "Nothing. " * 80 + "Die Straße über den Fluß, п’ять 大橋. " + "Nothing. " * 80
    for wanted, marked in [
        ([("strasse", False), ("fluss", False)], ["Straße", "Fluß,"]),
        ([("大", False), ("橋", False)], ["大", "橋"]),
    ]:
        piece = excerpt(text, wanted)
        assert [piece.text[begin:end] for begin, end in piece.marks] == marked
        assert piece.text.startswith("… ") and piece.text.endswith(" …") and len(piece.text) < 320
    plain = excerpt("The grid held.", [("hel", True)])
    assert (plain.text, plain.marks) == ("The grid held.", ((9, 13),))


@pytest.mark.parametrize("damage", ["middle", "tables"])
def test_damage_found_while_asking_is_mended(tmp_path, damage):
    from archiver.catalogue import path_of

    collection = Root(tmp_path).create("news", "News", agent="test/1")
    for number in range(3):
        add(collection, Invented(f"https://a.example/{number}", f"Frost {number}"))
    with open_catalogue(collection) as catalogue:
        assert catalogue.count(parse("frost")) == 3
    path = path_of(collection)
    content = bytearray(path.read_bytes())
    first = 4096 * 2 if damage == "middle" else 100
    content[first : len(content) if damage == "middle" else 4096] = b"\xa5" * (
        len(content) - first if damage == "middle" else 3996
    )
    path.write_bytes(content)
    for _ in range(2):
        with open_catalogue(collection) as catalogue:
            assert [row.headline for row in catalogue.captures(parse("frost"), order="headline")] == [
                f"Frost {number}" for number in range(3)
            ]
