"""The hostile corner in replay: captured with its site's own addresses, read in the app's frame with the site gone.

Whatever a page tries, nobody outside hears of it, and nothing of the app's is read or changed. The same pages without
our walls do reach outside, and do touch what frames them, so that each test can fail.
"""

import http.server
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Playwright, sync_playwright

from archiver.browser import find_chromium
from archiver.replay import Replay, running_replay
from conftest import Program
from newsroom import Newsroom
from newsroom.hostile import ALONE, NUISANCES, TOUCHES, WAYS, escape, name_of
from waysout import Outside

pytestmark = [pytest.mark.browser, pytest.mark.servers]

BATCH = 12
WAIT = 1200
"""Milliseconds that pages are given; on a quiet machine they are out within a tenth."""
SECRET = "secret-of-the-app"
FLAGS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
LOOKED_UP = ("html/names", "script/names")
"""Ways that tell by the name that is looked up, and connect to nobody."""
STAY_IN = {
    "html/track": "a film that does not play has no track, and a page without a window no manifest",
    "script/worker": "a worker of another origin is refused (HTML, run a worker)",
    "script/service worker": "a worker of its own origin is no way out by itself",
    "header/nel": "a policy for errors is taken over TLS alone (NEL §4.1)",
    "header/endpoints": "reports are about to be sent only where something is to report",
    "header/elsewhere": "another place for the same site is taken over TLS alone (RFC 7838 §2.1)",
    "header/map": "a source map is loaded by developer tools alone",
    "script/control on": "Chromium looks up no names of links any more",
}
"""Ways that go nowhere even without our walls, and why they are tried nevertheless: browsers change."""


def opened(playwright: Playwright, folder: Path) -> BrowserContext:
    """A Chromium with a profile, as readers have it: one without connects to nobody before. Notes whom it looks up."""
    return playwright.chromium.launch_persistent_context(
        folder / "profile",
        executable_path=find_chromium(),
        args=[*FLAGS, f"--log-net-log={folder / 'net.json'}", "--net-log-capture-mode=Default"],
        ignore_default_args=["--disable-background-networking"],
    )


def looked_up(folder: Path) -> set[str]:
    """Hosts that a closed Chromium looked up, connected to, or asked."""
    text = (folder / "net.json").read_text("utf-8", "replace")
    return set(re.findall(r'"(?:host|hostname|group_id|url)":"(?:[a-z/_]*(?:http|ws)s?://)?([a-z0-9.-]+)', text))


class Control:
    """A site that sends the same pages with no wall around them; those of `touch/` in a frame of the same site."""

    def __init__(self, port: int) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                way = unquote(self.path[1:])
                if way.startswith("framing/"):
                    self.send({}, f'<title>app</title>{SECRET}<iframe src="/{way.removeprefix("framing/")}"></iframe>')
                elif "/" in way:
                    body, headers = escape(way, port)
                    self.send(headers, body, 302 if way == "header/location" else 200)
                else:
                    self.send({"Content-Type": "text/javascript"} if way == "sw.js" else {}, f"/* {SECRET} */")

            def send(self, headers: dict[str, str], body: str, status: int = 200) -> None:
                with suppress(OSError):
                    self.send_response(status)
                    for name, value in ({"Content-Type": "text/html; charset=utf-8"} | headers).items():
                        self.send_header(name, value.strip())
                    self.send_header("Content-Length", str(len(body.encode())))
                    self.end_headers()
                    self.wfile.write(body.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Corner:
    """The corner in replay, beside the same pages without walls, and who listens where their site was."""

    walled: BrowserContext
    bare: BrowserContext
    """For the pages without walls: what one browser has connected to, it does not connect to again."""
    servers: Replay
    article: str
    """The app's page that frames it."""
    pages: str
    """Replay's address of the site's `/escape/`."""
    outside: Outside
    control: Control
    playwright: Playwright
    answered: list[tuple[str, int]] = field(default_factory=list)

    def framed(self, ways: list[str]) -> Page:
        """Pages of the corner, each in a frame like the app's own, on a page of the app that has something to lose."""
        page = self.walled.new_page()
        self.answered.clear()
        page.on("response", lambda answer: self.answered.append((answer.url, answer.status)))
        page.goto(self.article, wait_until="domcontentloaded")
        page.evaluate(KEEP, SECRET)
        urls = [f"{self.pages}{quote(way)}" for way in ways]
        page.evaluate(
            """urls => { const frame = document.querySelector('iframe');
            for (const src of urls) frame.after(Object.assign(frame.cloneNode(), { src }));
            frame.remove() }""",
            urls,
        )
        asked = {quote(way) for way in ways}
        for _ in range(3000):  # until all are there, on whatever machine
            if asked <= {url.partition("/escape/")[2] for url, got in self.answered if got in (200, 302)}:
                break
            page.wait_for_timeout(100)
        else:
            raise AssertionError(f"not all pages were replayed: {asked}, {self.answered}")
        page.wait_for_timeout(WAIT)
        return page

    def unguarded(self, ways: list[str]) -> Page:
        """The same pages as the site sent them: in frames of one page, or one alone."""
        page = self.bare.new_page()
        urls = [f"{self.control.address}/{quote(way)}" for way in ways]
        with suppress(Error):  # some lead to what is no page
            page.goto(urls[0] if len(urls) == 1 else f"{self.control.address}/start", wait_until="commit")
        if len(urls) > 1:
            page.wait_for_selector("body", state="attached")
            page.evaluate(FRAMES, urls)
        page.wait_for_timeout(WAIT)
        return page

    def heard(self, visit: Callable[[list[str]], Page], ways: list[str]) -> list[str]:
        """What whoever listens heard while these pages were open."""
        self.outside.seen.clear()
        self.outside.hosts.clear()
        context = visit(ways).context
        for page in context.pages[1:]:
            page.close()
        return list(self.outside.seen)

    @property
    def asked(self) -> list[str]:
        """Requests that were heard. A frame's policy stops those, and Chromium connects before it looks at that."""
        return [line for line in self.outside.seen if line != "connected"]


FRAMES = """urls => { for (const src of urls)
    document.body.append(Object.assign(document.createElement('iframe'), { src })) }"""
KEEP = """secret => { document.cookie = 'secret=' + secret; localStorage.secret = sessionStorage.secret = secret;
    caches.open(secret); indexedDB.open(secret); }"""
KEPT = """async () => [document.cookie.includes('secret='), localStorage.secret, sessionStorage.secret,
    await caches.keys(), (await indexedDB.databases()).map(one => one.name), document.title, location.href,
    document.body.textContent.includes('spoofed')]"""


@pytest.fixture(scope="module")
def corner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corner]:
    root = tmp_path_factory.mktemp("corner")
    with Newsroom() as site:
        address = site.trick("escape", "http")
        done = Program(root)("capture", address, "--json", "--allow-private", "--engine", "browser")
    (line,) = done.lines
    assert line["verdict"] == "ok", line
    with ExitStack() as stack:
        outside = Outside(int(address.split(":")[2].partition("/")[0]))
        stack.callback(outside.close)
        control = Control(outside.port)
        stack.callback(control.close)
        servers = stack.enter_context(Replay(root, port=0, replay_port=0))
        playwright = stack.enter_context(sync_playwright())
        walled, bare = (opened(playwright, tmp_path_factory.mktemp(name)) for name in ("walled", "bare"))
        stack.callback(walled.close)
        stack.callback(bare.close)
        article = f"{servers.app}/default/{line['capture_id']}/replay"
        stamp = "".join(filter(str.isdigit, line["capture_id"]))[:14]
        pages = f"{servers.replay}/default/{stamp}mp_/{address}/"
        yield Corner(walled, bare, servers, article, pages, outside, control, playwright)


@pytest.fixture(scope="module")
def left(corner: Corner) -> dict[str, list[str]]:
    """What was heard of each way in replay: together first, and one by one only where something was heard."""
    told: dict[str, list[str]] = {}
    for ways in (WAYS[first : first + BATCH] for first in range(0, len(WAYS), BATCH)):
        heard = corner.heard(corner.framed, ways)
        told |= {way: corner.heard(corner.framed, [way]) if heard else [] for way in ways}
    return told


@pytest.mark.parametrize("way", WAYS)
def test_nobody_outside_hears_of_it(left: dict[str, list[str]], way: str) -> None:
    assert left[way] == []


@pytest.fixture(scope="module")
def reached(corner: Corner) -> set[str]:
    """Ways that reach outside where no wall is: by a name, or by a packet that tells none."""
    found: set[str] = set()
    for ways in (WAYS[first : first + BATCH] for first in range(0, len(WAYS), BATCH)):
        corner.heard(corner.unguarded, ways)
        missed = {way for way in ways if name_of(way) not in corner.outside.hosts}
        found |= set(ways) - missed
        alone = missed - {*STAY_IN, *LOOKED_UP}
        found |= {way for way in alone if any(corner.heard(corner.unguarded, [way]) for _ in range(5))}
    return found


@pytest.mark.parametrize("way", [way for way in WAYS if way not in {*STAY_IN, *LOOKED_UP}])
def test_without_our_walls_it_reaches_outside(reached: set[str], way: str) -> None:
    assert way in reached


def test_no_name_outside_is_looked_up(corner: Corner, tmp_path: Path) -> None:
    """All at once in a browser of their own, whose log tells; and those without walls that look one up."""
    walled = opened(corner.playwright, tmp_path / "walled")
    replace(corner, walled=walled).framed(WAYS)
    walled.close()
    bare = opened(corner.playwright, tmp_path / "bare")
    replace(corner, bare=bare).unguarded(list(LOOKED_UP))
    bare.close()
    assert {f"{name_of(way)}.invalid" for way in LOOKED_UP} <= looked_up(tmp_path / "bare")
    names = looked_up(tmp_path / "walled")
    assert {"127.0.0.1", "localhost"} <= names
    assert [one for one in names if one.endswith((".localhost", ".invalid"))] == []


@dataclass
class Touched:
    """What each script got in the app's frame, and what the app had before and after."""

    got: dict[str, str]
    before: list[Any]
    after: list[Any]
    listeners: list[str]
    """Events that the app's page listens to."""


@pytest.fixture(scope="module")
def touched(corner: Corner) -> Touched:
    allow(corner.walled, corner.servers.app, corner.servers.replay)
    page = corner.framed([])
    before = page.evaluate(KEPT)
    page = corner.framed([f"touch/{name}" for name in TOUCHES])
    page.wait_for_timeout(WAIT)
    frames = {unquote(frame.url.partition("/escape/touch/")[2]): frame for frame in page.frames}
    got = {name: str(frame.evaluate("got")) for name, frame in frames.items() if name}
    session = corner.walled.new_cdp_session(page)
    listeners = []
    for name in ("window", "document"):
        found = session.send("Runtime.evaluate", {"expression": name})["result"]["objectId"]
        told = session.send("DOMDebugger.getEventListeners", {"objectId": found})["listeners"]
        listeners += [one["type"] for one in told]
    return Touched(got, before, page.evaluate(KEPT), listeners)


def allow(context: BrowserContext, *origins: str) -> None:
    """A reader who allows everything."""
    for one in origins:
        context.grant_permissions(["clipboard-write", "notifications", "camera", "geolocation"], origin=one)
    context.set_geolocation({"latitude": 50.4, "longitude": 30.5})


@pytest.mark.parametrize("name", TOUCHES)
def test_nothing_of_the_apps_is_read_or_changed(touched: Touched, name: str) -> None:
    assert touched.got[name] != "waiting" or name == "place"  # nobody is asked
    assert SECRET not in touched.got[name]
    assert touched.got[name] != "got spoofed"
    assert touched.after == touched.before


def test_the_app_listens_to_no_message(touched: Touched) -> None:
    assert "message" not in touched.listeners


NOT_ALONE = {"clipboard"}
"""A page that has no focus may not do that without our walls either."""


@pytest.mark.parametrize("name", [name for name in TOUCHES if name not in NOT_ALONE])
def test_without_our_walls_it_is_touched(corner: Corner, name: str) -> None:
    allow(corner.bare, corner.control.address)
    page = corner.bare.new_page()
    page.goto(f"{corner.control.address}/start")
    page.evaluate(KEEP, SECRET)
    page.goto(f"{corner.control.address}/framing/touch/{quote(name)}")
    script = """() => [document.title + location.href + document.body.textContent + localStorage.secret,
        frames.length ? String(frames[0].got) : '']"""
    for _ in range(600):
        shown, got = page.evaluate(script)
        if touched := ("spoofed" in shown or "got spoofed" in got or SECRET in got):
            break
        page.wait_for_timeout(100)
    page.close()
    assert touched, got


def visited(page: Page, address: str) -> Page:
    page.goto(address)
    return page


def followed(page: Page, address: str) -> Page:
    """By a link that somebody else has put in a page of theirs."""
    page.set_content(f'<a href="{address}" target="_blank" rel="opener">there</a>')
    with page.expect_popup() as opened:
        page.click("a")
    return opened.value


def popped_up(page: Page, address: str) -> Page:
    with page.expect_popup() as opened:
        page.evaluate("address => { open(address) }", address)
    return opened.value


OPENINGS: dict[str, Callable[[Page, str], Page]] = {"address": visited, "link": followed, "window": popped_up}
FRAME = "iframe[name=___wb_replay_top_frame]"


@pytest.mark.parametrize("how", OPENINGS)
@pytest.mark.parametrize("name", ALONE)
def test_what_is_opened_alone_is_framed_nevertheless(corner: Corner, name: str, how: str) -> None:
    corner.outside.seen.clear()
    address = f"{corner.pages}alone/{quote(name)}"
    first = corner.walled.new_page()
    page = OPENINGS[how](first, address)
    page.wait_for_selector(FRAME)
    page.wait_for_load_state("load")
    page.wait_for_timeout(WAIT)
    assert page.url.startswith(f"{corner.servers.app}/-/replay?in=default&")
    src = str(page.get_attribute(FRAME, "src"))
    assert src.startswith(corner.servers.replay) and src.endswith(f"/escape/alone/{quote(name)}")
    assert corner.asked == []
    assert page.evaluate("opener") is None
    for one in {first, page}:
        one.close()


def test_a_link_of_an_archived_page_opens_in_a_frame(corner: Corner) -> None:
    """However it is opened: by a click that asks for another tab, or by its target."""
    page = corner.walled.new_page()
    page.goto(corner.article)
    frame = page.frame_locator(FRAME)
    address = f"{corner.pages}alone/javascript"
    frame.locator("h1").evaluate("(h1, href) => { h1.innerHTML = `<a target=_blank href=${href}>x</a>` }", address)
    corner.outside.seen.clear()
    with corner.walled.expect_page() as opened:
        frame.locator("h1 a").click(button="middle")
    opened.value.wait_for_selector(FRAME)
    assert opened.value.url.startswith(f"{corner.servers.app}/-/replay?in=default&")
    opened.value.wait_for_timeout(WAIT)
    opened.value.close()
    before = len(corner.walled.pages)
    frame.locator("h1 a").click()
    page.wait_for_timeout(WAIT)
    assert (len(corner.walled.pages), page.url, corner.asked) == (before, corner.article, [])
    page.close()


@pytest.mark.parametrize("name", ALONE)
def test_without_the_frame_it_reaches_outside(corner: Corner, name: str) -> None:
    """The same page, sealed, in a window of its own: as a server shows it that has no app beside it."""
    with running_replay(corner.servers.root) as unframed:
        address = corner.pages.replace(corner.servers.replay, unframed)
        corner.outside.seen.clear()
        page = corner.bare.new_page()
        page.goto(f"{address}alone/{quote(name)}", wait_until="commit")
        for _ in range(50):
            if corner.asked:
                break
            page.wait_for_timeout(100)
        page.close()
        assert corner.asked


@pytest.mark.parametrize("name", NUISANCES)
def test_a_nuisance_is_no_more_than_that(corner: Corner, name: str) -> None:
    """No dialog, no file, no window; the app's page can be used while the archived one does what it wants.

    These come last: one of them never ends, and Chromium may give the next frame of that host to the same process.
    """
    bothered: list[str] = []
    before = len(corner.walled.pages)
    corner.walled.on("dialog", lambda dialog: bothered.append(dialog.type))
    page = corner.framed([f"nuisance/{name}"])
    page.on("download", lambda file: bothered.append(file.suggested_filename))
    assert len(corner.walled.pages) == before + 1
    assert page.url == corner.article
    page.click("a.home")
    page.wait_for_url(lambda url: url != corner.article)
    page.close()
    assert bothered == []
