"""What readers of the web app may not see: refused at every address that the app has, whatever module brings it."""

import ast
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.routing import Mount, Route

from archiver.access import Reader, Wish, restrict, targets
from archiver.catalogue import open_catalogue
from archiver.cli.replaying import kept_for_the_room
from archiver.collection import Root
from archiver.model import timestamp
from archiver.web.app import create_app
from browsing import ORIGIN, REPLAY, get
from conftest import Program
from stockroom import Invented, add

ROOM = Reader(in_room=True)
HIDDEN, OTHER, ALONE = "https://a.example/hidden", "https://a.example/other", "https://b.example/alone"
WEB = Path(__file__).parents[2] / "src/archiver/web"


def table():
    """Every address that the app answers."""
    app = create_app(Path("/nowhere"), REPLAY, ORIGIN)
    while not hasattr(app, "routes"):
        app = app.app
    found = []
    for route in app.routes:
        assert isinstance(route, Route) or (isinstance(route, Mount) and route.path == "/static"), route
        found += [route.path] if isinstance(route, Route) else []
    return sorted(set(found))


OF_CAPTURES = [path for path in table() if "{capture}" in path]
OF_COLLECTIONS = [path for path in table() if "{name}" in path and "{capture}" not in path]
GENERAL = [path for path in table() if "{" not in path]


def test_every_address_is_of_a_kind_that_is_tried_here():
    """A new parameter in an address needs a check of its own, and a trial here."""
    known = ("{name}", "{capture}", "{other}", "{form}", "{kind}", "{state}", "{side}")
    for path in table():
        rest = path
        for parameter in known:
            rest = rest.replace(parameter, "")
        assert "{" not in rest, path
        assert "{name}" in path or "{capture}" not in path
    assert len(OF_CAPTURES) >= 4


def test_no_page_opens_a_catalogue_without_its_reader():
    for file in WEB.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "open_catalogue":
                whole = file.name in ("refusals.py", "downloads.py")  # which compare it with what the reader may see
                allowed = whole or len(node.args) + len(node.keywords) > 1
                assert allowed, f"{file.name}:{node.lineno}"


@pytest.fixture
def root(tmp_path):
    news = Root(tmp_path).create("news", "News", agent="test/1")
    add(news, Invented(HIDDEN, headline="Secretary resigns", thumbnail=b"\xff\xd8x", days=1))
    add(news, Invented(HIDDEN, headline="Secretary resigns again", days=2))
    add(news, Invented(OTHER, headline="Weather of the week", days=3))
    return tmp_path


def identities(root, url):
    with open_catalogue(Root(root).collection("news")) as catalogue:
        return [row.id for row in catalogue.versions(url)]


def hide(root, kind, *, about=None, **told):
    """Enter a rule, for all captures of the hidden page unless told otherwise."""
    wish = Wish.of(kind, "M. K.", **{"reason": "Asked for by <b>Anna</b>.", **told})
    restrict(Root(root).collection("news"), wish, about or targets(identities(root, HIDDEN)))


def filled(path, capture, other):
    """An address with its parameters filled in."""
    for name, value in {"name": "news", "capture": capture, "other": other, "form": "ris", "kind": "warc"}.items():
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{state}", "0").replace("{side}", "captured")


KINDS = [("takedown", 451), ("dark", 404), ("embargo", 403), ("reading-room", 403)]


@pytest.mark.parametrize(("kind", "status"), KINDS)
def test_no_address_shows_a_hidden_capture(root, kind, status):
    """The whole table, with the hidden capture in each place."""
    until = {"until": "2999-01-01"} if kind == "embargo" else {}
    hide(root, kind, **until)
    hidden, shown = identities(root, HIDDEN)[0], identities(root, OTHER)[0]
    for path in OF_CAPTURES:
        for address in {filled(path, hidden, shown)} | ({filled(path, shown, hidden)} if "{other}" in path else set()):
            answer = get(root, address)
            assert (address, answer.status) == (address, status)
            assert b"Secretary" not in answer.body
            assert b"a.example/hidden" not in answer.body
    for path in [*OF_COLLECTIONS, *GENERAL]:
        for query in ("", "?q=secretary", f"?url={HIDDEN}"):
            answer = get(root, filled(path, hidden, shown) + query)
            assert answer.status < 500
            assert b"Secretary" not in answer.body.replace(b"?q=secretary", b""), path
            assert hidden.encode() not in answer.body, path
    in_room = get(root, f"/news/{hidden}", reader=ROOM)
    assert in_room.status == (200 if kind == "reading-room" else status)


def test_a_takedown_is_told_with_its_reason_and_date(root):
    begun = datetime.now(UTC)
    hide(root, "takedown", note="Kept under 2026/118")
    answer = get(root, f"/news/{identities(root, HIDDEN)[0]}")
    assert "Asked for by <b>Anna</b>." in answer.text
    assert any(f"{day.day} {day:%B %Y}" in answer.text for day in (begun, datetime.now(UTC)))
    assert answer.headers["link"] == f'<{ORIGIN}/>; rel="blocked-by"'
    assert answer.headers["cache-control"] == "no-store"
    assert "2026/118" not in answer.text
    ukrainian = get(root, f"/news/{identities(root, HIDDEN)[0]}", headers={"accept-language": "uk"})
    assert "Це вилучено з показу" in ukrainian.text


def test_dark_is_told_like_what_never_was(root):
    hide(root, "dark")
    hidden = identities(root, HIDDEN)[0]
    unknown = hidden[:-1] + ("a" if hidden[-1] != "a" else "b")
    answers = [get(root, f"/news/{one}") for one in (hidden, unknown)]
    assert answers[0].status == answers[1].status == 404
    assert answers[0].body.replace(hidden.encode(), b"") == answers[1].body.replace(unknown.encode(), b"")


def test_an_embargo_ends_without_anybody_doing_anything(root, monkeypatch):
    until = datetime.now(UTC) + timedelta(hours=1)
    hide(root, "embargo", until=timestamp(until))
    hidden = identities(root, HIDDEN)[0]
    assert "Until" in get(root, f"/news/{hidden}").text
    for module in ("archiver.catalogue.restricting", "archiver.access.deciding"):
        monkeypatch.setattr(f"{module}.now", lambda: until)
    assert get(root, f"/news/{hidden}").status == 200
    assert "Secretary" in get(root, "/news/").text


@pytest.mark.parametrize(("kind", "status"), KINDS)
def test_a_collection_that_is_hidden_as_a_whole(root, kind, status):
    until = {"until": "2999-01-01"} if kind == "embargo" else {}
    hide(root, kind, about=targets(everything=True), **until)
    assert get(root, "/news/").status == status
    front = get(root, "/")
    assert "Weather" not in front.text
    assert kind != "dark" or b"/news/" not in front.body


def test_what_a_sidecar_says_counts(tmp_path):
    news = Root(tmp_path).create("news", "News", agent="test/1")
    news.rights = lambda: {"access": "embargo", "embargo_until": "2999-01-01"}
    held = add(news, Invented(HIDDEN)).capture_id
    assert get(tmp_path, f"/news/{held}").status == 403
    restrict(news, Wish.of("open", "M. K.", replaces=["descriptions"]), targets([held]))
    assert get(tmp_path, f"/news/{held}").status == 200


def words(answer):
    return " ".join(" ".join(answer.page.xpath("//main//text()")).split())


def test_a_collection_whose_descriptions_are_for_the_reading_room_tells_so_and_how_to_open_it(tmp_path):
    """As collections of earlier versions are. What it says is what opens it."""
    news = Root(tmp_path).create("news", "News", agent="test/1")
    news.rights = lambda: {"access": "reading-room"}
    add(news, Invented(HIDDEN, headline="Secretary resigns"))
    add(news, Invented(OTHER, headline="Weather of the week"))
    for path in ("/", "/?sort=captured"):
        front = words(get(tmp_path, path))
        assert "Kept for the reading room 2" in front
        assert "Nothing has been captured" not in front
    shown = get(tmp_path, "/news/")
    assert "Kept for the reading room 2" in words(shown)
    assert "Для читального залу 2" in words(get(tmp_path, "/news/?lang=uk"))
    assert b"Secretary" not in shown.body and b"a.example" not in shown.body
    assert "Weather" in words(get(tmp_path, "/news/", reader=ROOM))
    (command,) = shown.page.xpath("//main//pre/code/text()")
    assert command == 'archiver restrict --all -c news --access open --replaces descriptions --by "NAME"'
    done = Program(tmp_path)(*shlex.split(command)[1:])
    assert done.code == 0
    assert "Weather" in words(get(tmp_path, "/news/"))


def test_a_collection_without_anything_open_tells_what_holds_it_back(root):
    every = [*identities(root, HIDDEN), *identities(root, OTHER)]
    for kind, one in zip(("reading-room", "takedown", "embargo"), every, strict=True):
        hide(root, kind, about=targets([one]), **({"until": "2999-01-01"} if kind == "embargo" else {}))
    told = words(get(root, "/news/"))
    for line in ("Kept for the reading room 1", "Not shown before a day 1", "Withdrawn 1"):
        assert line in told
    assert "archiver replay --reading-room" in told
    assert "restrict" not in told


def test_what_is_dark_is_not_counted_among_what_is_held_back(root):
    hide(root, "dark")
    hide(root, "dark", about=targets(identities(root, OTHER)))
    for path in ("/", "/news/"):
        assert "Nothing has been captured yet" in words(get(root, path))


def test_replay_tells_at_its_start_what_readers_do_not_see(tmp_path):
    news = Root(tmp_path).create("news", "News", agent="test/1")
    add(news, Invented(OTHER))
    assert list(kept_for_the_room(tmp_path)) == []
    news.rights = lambda: {"access": "reading-room"}
    add(news, Invented(HIDDEN))
    counted, how = kept_for_the_room(tmp_path)
    assert counted.startswith("news: 1 of 2 captures kept for the reading room")
    assert "--replaces descriptions" in how
    restrict(news, Wish.of("reading-room", "M. K."), targets(everything=True))
    assert [line.partition(";")[0] for line in kept_for_the_room(tmp_path)] == [
        "news: 2 of 2 captures kept for the reading room"
    ]


@pytest.mark.parametrize(("kind", "status"), KINDS)
def test_what_is_closed_in_one_collection_is_not_seen_from_another(tmp_path, kind, status):
    """The same page in two collections: each decides for itself."""
    news, press = (Root(tmp_path).create(name, name.title(), agent="test/1") for name in ("news", "press"))
    shown = add(news, Invented(HIDDEN, headline="Seen by news", days=1))
    hidden = add(press, Invented(HIDDEN, headline="Seen by press"))
    compared = f"/news/{shown.capture_id}/compare/press~{hidden.capture_id}"
    before = get(tmp_path, f"/news/{shown.capture_id}").page
    assert before.xpath("//a[contains(@href, '/compare/')]/@href") == [compared]
    answer = get(tmp_path, compared)
    assert (answer.status, "Seen by press" in answer.text) == (200, True)
    assert len(answer.page.xpath("//option[starts-with(@value, 'press~')]")) == 2  # in each of the two fields
    form = f"/news/compare?before={shown.capture_id}&after=press~{hidden.capture_id}"
    assert get(tmp_path, form).headers["location"] == compared
    until = {"until": "2999-01-01"} if kind == "embargo" else {}
    wish = Wish.of(kind, "M. K.", reason="Asked for.", **until)
    restrict(press, wish, targets([hidden.capture_id]))
    assert "Seen by press" not in get(tmp_path, f"/news/{shown.capture_id}").text
    for address in (compared, f"/press/{hidden.capture_id}/compare/news~{shown.capture_id}"):
        answer = get(tmp_path, address)
        assert (answer.status, "Seen by press" in answer.text) == (status, False)
    assert get(tmp_path, f"/news/{shown.capture_id}").status == 200


@pytest.mark.parametrize("other", ["~x", "..~x", "/evil.example~x", "none~{0}", "news~{0}~{0}", "press~{0}"])
def test_only_captures_of_collections_are_compared(tmp_path, other):
    capture = add(Root(tmp_path).create("news", "News", agent="test/1"), Invented(HIDDEN)).capture_id
    other = other.format(capture)
    assert get(tmp_path, f"/news/{capture}/compare/{other}").status == 404
    answer = get(tmp_path, f"/news/compare?before={other}&after={capture}")
    there = answer.headers.get("location", "")
    assert answer.status == 404 or (there[:2] != "//" and get(tmp_path, there).status == 404)
