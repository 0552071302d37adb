"""QA with a real Chromium: an honest capture passes, what is missing is told, and nothing gets out."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archiver import qa
from archiver.browser import Chromium
from archiver.collection import Collection, Root
from archiver.model import ScriptError
from archiver.qa import visiting
from archiver.qa.checking import Checker
from archiver.qa.visiting import Seen, Wanted, visit
from archiver.qa.watch import Router
from conftest import Done, Program
from newsroom import Newsroom
from stockroom import Invented, add

pytestmark = [pytest.mark.browser, pytest.mark.servers]


@dataclass(frozen=True)
class Story:
    """The newsroom's article, captured and compared at once."""

    archiver: Program
    captured: dict
    collection: Collection


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    archiver = Program(tmp_path_factory.mktemp("qa") / "collections")
    with Newsroom() as site:
        reach = ("--allow-private", "--ca-file", str(site.ca_file))
        done = archiver("capture", site.article, *reach, "--qa", "--json")
    assert done.code == 0, done.err + done.out
    yield Story(archiver, done.lines[0], Root(archiver.root).collection("default"))


def test_an_honest_capture_passes_at_once(story: Story) -> None:
    told = story.captured["qa"]
    assert (told["verdict"], told["completeness"], told["reasons"]) == ("pass", 1.0, [])
    result = qa.latest(story.collection, story.captured["capture_id"])
    assert result is not None
    assert result.product == told["product"]
    measured = {one.name: one.value for one in result.measures}
    assert {name: measured[name] for name in ("main", "paragraphs", "headline", "page", "films")} == dict.fromkeys(
        ("main", "paragraphs", "headline", "page", "films"), 1.0
    )
    zeros = ("lost", "never-captured", "newly-asked", "changed", "violations", "leaks", "script-errors")
    assert {name: measured[name] for name in zeros} == dict.fromkeys(zeros, 0)
    assert measured["film-length"] == 1.0
    assert measured["text"] > 0.99 and measured["view"] > 0.99 and measured["article"] > 0.99
    asked = [one for one in result.resources if one.weight]
    assert len(asked) > 30
    assert {"media", "image", "stylesheet", "script", "fetch", "font"} <= {one.type for one in asked}
    assert [one.split("/")[0] for one in result.agents] == ["archiver", "Chromium", "pywb", "scikit-image"]


def test_a_capture_with_a_result_is_left_alone(story: Story) -> None:
    before = sorted(story.collection.files())
    again = story.archiver("qa", "--json")
    assert (again.code, again.out) == (0, "")
    shown: Done = story.archiver("qa", story.captured["capture_id"], "--json")
    assert [one["verdict"] for one in shown.lines] == ["pass"]
    assert sorted(story.collection.files()) == before


def test_versions_since_then_are_looked_at_again(story: Story) -> None:
    """The result of another version is made anew, and what got worse is an error."""
    capture = story.captured["capture_id"]
    assert story.archiver("qa", "--recheck", "--json").out == ""
    again = story.archiver("qa", capture, "--recheck", "--no-save", "--json")
    assert (again.code, [one["verdict"] for one in again.lines]) == (0, ["pass"])
    assert "regression" not in again.err


PICTURE = "https://news.example/map.png"


@pytest.fixture
def poor(tmp_path: Path) -> tuple[Collection, str]:
    """A capture whose page shows a picture that the archive has not."""
    collection = Root(tmp_path).create("news", "News", agent="test/1")
    lines = "\n".join(f"Paragraph {number} tells of pumps, pipes and patience in the dark." for number in range(30))
    page = Invented("https://news.example/story", text=lines, missing=(PICTURE,))
    page = type("Page", (Invented,), {"html": property(lambda one: with_picture(Invented.html.fget(one)))})(
        **{name: getattr(page, name) for name in Invented.__dataclass_fields__}
    )
    return collection, str(add(collection, page).capture_id)


def with_picture(html: str) -> str:
    return html.replace("</article>", f'<img src="{PICTURE}" width="900" height="600"></article>')


def test_what_was_never_captured_is_told(poor: tuple[Collection, str]) -> None:
    collection, capture = poor
    with Checker(collection.path.parent) as checker:
        result = checker.check_one(collection, collection.sidecar(capture)).result
    assert result.verdict == "fail", result
    reasons = {one.code: one for one in result.reasons}
    assert reasons["resource-never-captured"].where == PICTURE
    assert "Too long" in reasons["resource-never-captured"].message
    assert result.measure("completeness") == 0.0
    assert result.settings["visits"] == 2
    assert qa.latest(collection, capture) == result


LEAKY = b"""<!doctype html><title>A page with holes</title><h1>A page with holes</h1>
<img src="http://outside.example/pixel.png"><link rel="stylesheet" href="https://other.example/style.css">
<script>
  fetch("http://outside.example/beacon", { method: "POST", body: "x", mode: "no-cors" }).catch(() => {});
  new Worker(URL.createObjectURL(new Blob(["fetch('http://worker.example/x').catch(() => {})"])));
  new WebSocket("ws://socket.example/live");
  window.open("http://popup.example/");
</script>"""


COMPLAINING = b"""<!doctype html><title>A page that complains</title>
<script>setTimeout(() => { throw new TypeError("first 17\\nof two lines"); });</script>
<script>for (let n = 0; n < 3; n += 1) Promise.reject(new Error("nobody waits"));</script>
<script>try { throw new Error("caught"); } catch { console.error("only said"); }</script>
<iframe srcdoc="<script>notOfTheMainFrame();</script>"></iframe>"""
PLACE = "http://news.example/"


class Fake(BaseHTTPRequestHandler):
    """A replay server without walls."""

    page = LEAKY

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(self.page)))
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_: object) -> None:
        return None


def seen_in(page: bytes, **how) -> Seen:
    """What a visit sees of a page."""

    async def look(origin: str) -> Seen:
        chromium = await Chromium.launch()
        try:
            router = Router(chromium)
            await router.start()
            return await visit(chromium, router, origin, Wanted(f"{origin}/news/20261122140112mp_/{PLACE}", **how))
        finally:
            await chromium.close()

    serving = type("Serving", (Fake,), {"page": page})
    with ThreadingHTTPServer(("127.0.0.1", 0), serving) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        seen = asyncio.run(look(f"http://localhost:{server.server_port}"))
        server.shutdown()
    return seen


def test_nothing_gets_out_and_every_attempt_is_told() -> None:
    seen = seen_in(LEAKY)
    assert [one.url for one in seen.asked if one.type == "document"] == [PLACE]
    assert seen.title == "A page with holes"
    named = json.dumps(seen.leaks)
    for host in ("outside", "other", "worker", "socket"):
        assert f"{host}.example" in named, seen.leaks


def test_what_nobody_caught_in_the_page_itself_is_heard_once() -> None:
    seen = seen_in(COMPLAINING)
    assert set(seen.script_errors) == {
        ScriptError("TypeError: first 17", PLACE),
        ScriptError("Error: nobody waits", PLACE),
    }


STILL = b"""<!doctype html><title>A still frame</title><p>Beside it.
<iframe sandbox srcdoc="<video src='/a.mp4'></video><button>Show more</button>"></iframe>"""


def test_a_frame_without_scripts_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is a page of its own in replay, in a sandbox where nothing runs, not even a timer."""
    monkeypatch.setattr(visiting, "BEHAVING", 1000.0)
    monkeypatch.setattr(visiting, "WHOLE", 60.0)
    seen = seen_in(STILL, behaviours=True)
    assert seen.error is None
    assert "Beside it." in seen.text
