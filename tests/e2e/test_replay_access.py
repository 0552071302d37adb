"""What replay shows of captures that are hidden: nothing, however it is asked, from the moment of the rule on."""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError

import pytest

from archiver.access import Reader, Wish, restrict, rules, targets
from archiver.capture import AGENT, Terms, capture_url
from archiver.catalogue import open_catalogue
from archiver.collection import Collection, Root
from archiver.package import import_warc
from archiver.replay import Replay
from material import BYTES, PICTURE, Site, answer, foreign_record

pytestmark = pytest.mark.servers

HIDDEN, SHOWN, OTHER = "https://a.example/2026/hidden", "https://b.example/shown", "https://news.example/2"
REWRITTEN = ("", "mp_", "if_", "fr_", "js_", "esm_", "cs_", "im_", "oe_", "wkr_", "wkrm_")
MODIFIERS = (*REWRITTEN, "id_", "ir_", "bn_", "vi_", "tf_", "jo_")
KINDS = {"takedown": 451, "dark": 404, "embargo": 403, "reading-room": 403}


@dataclass
class Told:
    """An answer of the replay server."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Archive:
    """A collection, and the server that replays it to readers."""

    root: Path
    collection: Collection
    origin: str

    def at(self, capture: str) -> str:
        """The 14 digits of a capture."""
        with open_catalogue(self.collection) as catalogue:
            row = catalogue.capture(capture)
            assert row
            return "".join(filter(str.isdigit, row.captured_at))[:14]

    def ids(self, url: str) -> list[str]:
        """Captures of a page, newest first."""
        with open_catalogue(self.collection) as catalogue:
            return [row.id for row in catalogue.versions(url)]

    def restrict(self, kind: str, about: list[dict[str, object]], **told: object) -> None:
        """Enter a rule."""
        told = {"reason": "Asked for by <b>Anna</b>.", "until": "2999-01-01" if kind == "embargo" else "", **told}
        restrict(self.collection, Wish.of(kind, "M. K.", **told), about)

    def lift(self) -> None:
        """Let no rule count any more."""
        standing = [one.name for one in rules(self.collection).standing]
        restrict(self.collection, Wish.of("open", "M. K.", replaces=standing), targets(everything=True))

    def get(self, path: str, method: str = "GET", data: bytes | None = None, **headers: str) -> Told:
        """One request; redirects are not followed."""

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_: object) -> None:
                return None

        told = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = urllib.request.Request(f"{self.origin}{path}", data, told, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
        try:
            with opener.open(asked, timeout=300) as found:
                return Told(found.status, {key.lower(): value for key, value in found.headers.items()}, found.read())
        except HTTPError as error:
            with error:
                headers = {key.lower(): value for key, value in error.headers.items()}
                return Told(error.code, headers, error.read())


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """A hidden-to-be page whose picture another page refers to; and a WARC made by others with two pages."""
    root = tmp_path_factory.mktemp("access")
    news = Root(root).create("news", "News", dedup=True, agent=AGENT)
    for url, day in ((HIDDEN, 0), (SHOWN, 1), (HIDDEN, 2)):
        assert capture_url(url, news, Site(answer(PICTURE), days=day), Terms()).capture_id
    foreign = root / "foreign.warc.gz"
    foreign.write_bytes(foreign_record(1) + foreign_record(2))
    import_warc(foreign, news)
    with Replay(root, port=0, replay_port=0) as servers:
        yield Archive(root, news, servers.replay)


@pytest.fixture(autouse=True)
def nothing_hidden(archive: Archive) -> Iterator[None]:
    yield
    archive.lift()


@pytest.mark.parametrize("kind", KINDS)
def test_no_way_of_asking_shows_a_hidden_capture(archive: Archive, kind: str) -> None:
    old, new = archive.ids(HIDDEN)[1], archive.ids(HIDDEN)[0]
    stamp = archive.at(old)
    assert archive.get(f"/news/{stamp}mp_/{HIDDEN}").status == 200
    archive.restrict(kind, targets([old, new]))
    expected = KINDS[kind]
    for modifier in MODIFIERS:
        for address in (HIDDEN, HIDDEN.replace("https", "http"), f"{HIDDEN}/", f"{HIDDEN}?utm=1#x"):
            found = archive.get(f"/news/{stamp}{modifier}/{address}")
            assert b"word word" not in found.body, (modifier, address)
            assert (modifier, address, found.status) == (
                modifier,
                address,
                found.status if "?" in address else expected,
            )
    for path in (f"/news/{HIDDEN}", f"/news/mp_/{HIDDEN}", f"/news/2020mp_/{HIDDEN}"):
        assert archive.get(path).status in (expected, 404)
    spoofed = {"X_Pywb_ACL_User": "staff", "X_Forwarded_For": "127.0.0.1", "X_Archiver_Reader": "archivist"}
    assert archive.get(f"/news/{stamp}mp_/{HIDDEN}", **spoofed).status == expected
    assert archive.get(f"/news/{stamp}mp_/{HIDDEN}", "HEAD").status == expected
    assert archive.get(f"/news/{stamp}mp_/{HIDDEN}", "POST", b"a=b").status in (expected, 404)
    assert archive.get(f"/news/{stamp}id_/{HIDDEN}", Range="bytes=0-20").status == expected
    assert archive.get(f"/news/timegate/{HIDDEN}", Accept_Datetime="Sun, 22 Nov 2026 14:01:12 GMT").status >= 400
    for name in ("pageinfo", "text", "view", "thumbnail", "article"):
        for modifier in ("id_", "mp_"):
            assert archive.get(f"/news/{stamp}{modifier}/urn:{name}:{HIDDEN}").status in (expected, 404)
    assert archive.get(f"/news/{stamp}id_/urn:pageinfo:{HIDDEN}").status == expected


@pytest.mark.parametrize("kind", KINDS)
def test_no_index_names_a_hidden_capture(archive: Archive, kind: str) -> None:
    old, new = archive.ids(HIDDEN)[1], archive.ids(HIDDEN)[0]
    quoted = urllib.parse.quote(HIDDEN, "")
    questions = [
        *(f"url={quoted}&matchType={match}" for match in ("exact", "prefix", "host", "domain")),
        *(f"url={quoted}&output={form}" for form in ("json", "text", "link", "cdxj")),
        "url=*.a.example&nosource=true",
        "url=https://a.example/*&sort=reverse",
        f"url={quoted}&closest=20261122140112&resolveRevisits=true",
        f"url={quoted}&fl=urlkey,filename&allowFuzzy=true&is_fuzzy=1&_left_out=x",
        f"url=urn:pageinfo:{quoted}",
        "url=*.a.example&limit=1",
    ]
    timemaps = [f"/news/timemap/{form}/{HIDDEN}" for form in ("link", "json", "cdxj", "text")]

    def asked() -> str:
        cdx = [archive.get(f"/{name}/cdx?{one}") for one in questions for name in ("news", "n*", "%6eews")]
        return " ".join(one.body.decode() for one in [*cdx, *map(archive.get, timemaps)])

    assert old in asked()
    archive.restrict(kind, targets([old, new]))
    told = asked()
    assert old not in told
    assert new not in told
    assert "example,a)/2026/hidden" not in told
    assert archive.at(old) not in re.sub(r"closest=\d+", "", told)


def test_what_a_shown_page_needs_of_a_hidden_one_is_still_read(archive: Archive) -> None:
    (shown,) = archive.ids(SHOWN)
    line = archive.get(f"/news/cdx?url={PICTURE}&output=json").body.decode()
    assert '"warc/revisit"' in line
    archive.restrict("takedown", targets(archive.ids(HIDDEN)))
    stamp = archive.at(shown)
    assert archive.get(f"/news/{stamp}mp_/{SHOWN}").status == 200
    found = archive.get(f"/news/{stamp}im_/{PICTURE}")
    assert (found.status, found.body) == (200, BYTES)
    names = [
        json.loads(one)["filename"] for one in archive.get(f"/news/cdx?url={PICTURE}&output=json").body.splitlines()
    ]
    assert [shown in name for name in names] == [True]


def test_one_version_is_hidden_and_the_others_stay(archive: Archive) -> None:
    new, old = archive.ids(HIDDEN)
    archive.restrict("takedown", targets([old]))
    found = archive.get(f"/news/{archive.at(old)}mp_/{HIDDEN}")
    assert found.status == 451
    (line,) = archive.get(f"/news/cdx?url={HIDDEN}&limit=1").body.decode().splitlines()
    assert new in line, "the limit counts what is shown"
    assert b"Asked for by &lt;b&gt;Anna&lt;/b&gt;." in found.body
    assert archive.get(f"/news/{archive.at(new)}mp_/{HIDDEN}").status == 200
    assert archive.get(f"/news/2020mp_/{HIDDEN}").headers["location"].endswith(f"/{archive.at(new)}mp_/{HIDDEN}")


def test_a_rule_about_addresses_reaches_their_records_in_every_capture(archive: Archive) -> None:
    archive.restrict("dark", targets(urls=["https://cdn.example/*"]))
    stamp = archive.at(archive.ids(SHOWN)[0])
    assert archive.get(f"/news/{stamp}mp_/{SHOWN}").status == 200
    assert archive.get(f"/news/{stamp}im_/{PICTURE}").status == 404


def test_a_page_in_a_warc_made_by_others_is_hidden_alone(archive: Archive) -> None:
    first = OTHER.replace("/2", "/1")
    assert archive.get(f"/news/20200102030405mp_/{first}").status == 200
    archive.restrict("embargo", targets(archive.ids(first)))
    assert archive.get(f"/news/20200102030405mp_/{first}").status == 403
    assert archive.get(f"/news/20200102030405mp_/{OTHER}").status == 200


def test_the_whole_collection(archive: Archive) -> None:
    archive.restrict("takedown", targets(everything=True))
    for url in (HIDDEN, SHOWN, PICTURE, OTHER):
        assert archive.get(f"/news/2026mp_/{url}").status == 451
    assert archive.get("/news/cdx?url=*.b.example").body == b""


def test_nothing_tells_of_a_collection_that_is_dark_as_a_whole(archive: Archive) -> None:
    stamp = archive.at(archive.ids(SHOWN)[0])
    ends = ["", "/", "/index", "/cdx", f"/cdx?url={SHOWN}", f"/index?url={SHOWN}", f"/{stamp}mp_/{SHOWN}", f"/{SHOWN}",
            f"/timegate/{SHOWN}", f"/timemap/link/{SHOWN}", f"/timemap/json/{SHOWN}", f"/*/{SHOWN}", "/collinfo.json",
            f"/{stamp}id_/{SHOWN}", "/search", "/static/x.css"]  # fmt: skip

    def asked(name: str) -> list[tuple[int, str]]:
        found = [archive.get(f"/{name}{end}") for end in ends]
        return [(one.status, one.body.decode().replace(name, "NAME")) for one in found]

    assert json.loads(archive.get("/collinfo.json").body) == {"fixed": [], "dynamic": ["news"]}
    assert asked("news") != asked("nowhere")
    archive.restrict("dark", targets(everything=True))
    assert json.loads(archive.get("/collinfo.json").body) == {"fixed": [], "dynamic": []}
    assert "news" not in archive.get("/").body.decode()
    assert asked("news") == asked("nowhere")


def test_readers_in_the_reading_room_see_what_is_kept_for_it(archive: Archive) -> None:
    archive.restrict("reading-room", targets(archive.ids(HIDDEN)))
    stamp = archive.at(archive.ids(HIDDEN)[0])
    with Replay(archive.root, port=0, replay_port=0, reader=Reader(in_room=True)) as servers:
        room = Archive(archive.root, archive.collection, servers.replay)
        assert room.get(f"/news/{stamp}mp_/{HIDDEN}").status == 200
        archive.restrict("dark", targets(archive.ids(HIDDEN)))
        assert room.get(f"/news/{stamp}mp_/{HIDDEN}").status == 404
