"""Every honest page of the newsroom in replay, with the site stopped: nothing that a page asks for is missing."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Request, Response

from archived import BEHAVIOURS, CORRECTED, NAMES, Archived
from archiver.replay import running_replay
from newsroom.behaviours import SHOWN
from newsroom.editions import Edition, edition
from newsroom.site import MEMBERS
from reading import told

pytestmark = [pytest.mark.browser, pytest.mark.servers]

EXPECTED = {
    "sw.js": "service workers are refused in replay: they would outlive the page",
    "/closed": "the server hung up on the capture as well",
    "/unusual/slow": "the page gives it up",
}
"""What may fail in replay, by the end of its address, and why."""


@dataclass
class Visit:
    """A page in replay, and how its requests went."""

    page: Page
    origin: str
    missing: list[str] = field(default_factory=list)
    """Not answered from the archive: nothing came, or an answer that no record gave."""
    outside: list[str] = field(default_factory=list)
    """Asked of anything but the replay server."""
    errors: list[str] = field(default_factory=list)
    """What scripts threw and nobody caught."""

    def __post_init__(self) -> None:
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)
        self.page.on("requestfailed", self._failed)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:")):
            self.outside.append(request.url)

    def _answered(self, response: Response) -> None:
        archived = "memento-datetime" in response.headers or "/static/" in response.url.removeprefix(self.origin)[:8]
        if response.status >= 400 and not archived:
            self._miss(f"{response.status} {response.url}")

    def _failed(self, request: Request) -> None:
        if "ERR_ABORTED" not in str(request.failure) or request.resource_type != "media":  # a player has enough
            self._miss(f"{request.failure} {request.url}")

    def _miss(self, what: str) -> None:
        if not what.endswith(tuple(EXPECTED)):
            self.missing.append(what)


@pytest.fixture(scope="module")
def replay(archived: Archived) -> Iterator[str]:
    with running_replay(archived.root) as origin:
        yield origin


@pytest.fixture
def visit(archived: Archived, replay: str, browser: Browser):
    """Opens a page of the newsroom in replay, as a reader who scrolls to its end."""
    contexts = []

    def opened(name: str) -> Visit:
        assert archived.lines[name]["verdict"] == ("partial" if name == "unusual" else "ok"), archived.lines[name]
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 800}))
        visited = Visit(contexts[-1].new_page(), replay)
        answer = visited.page.goto(archived.replay_url(replay, name))
        assert answer is not None and answer.status == 200
        return visited

    yield opened
    for context in contexts:
        context.close()


def rest(page: Page) -> None:
    """Scroll to the end, and wait until nothing is asked for any more."""
    for _ in range(3):
        page.evaluate("""async () => {
            for (let y = 0; y <= document.documentElement.scrollHeight; y += innerHeight / 2) {
                scrollTo({ top: y, behavior: "instant" });
                await new Promise(done => setTimeout(done, 20));
            }
        }""")
        page.wait_for_load_state("networkidle")


BROKEN = "[...document.images].filter(i => i.currentSrc && i.complete && !i.naturalWidth).map(i => i.id || i.outerHTML)"


ARTICLES = {"article": "en", "article uk": "uk", "article http": "en", CORRECTED: "en"}
SHORT = [name for name in NAMES if name not in ARTICLES and not name.startswith("behaviour ")]


@pytest.mark.parametrize("name", SHORT)
def test_all_that_a_page_asks_for_is_in_the_archive(visit, archived: Archived, name: str) -> None:
    seen = visit(name)
    rest(seen.page)
    assert (seen.missing, seen.outside, seen.errors, seen.page.evaluate(BROKEN)) == ([], [], [], [])


def digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


@pytest.mark.parametrize("name", ARTICLES)
def test_an_article_is_read_as_it_was(visit, name: str) -> None:
    paper: Edition = edition(ARTICLES[name])
    corrected = name == CORRECTED
    seen = visit(name)
    words = told(seen.page)
    correction = paper.article.get("correction", {})
    assert words["#headline"] == (correction["headline"] if corrected else paper.article["headline"])
    assert seen.page.locator("#correction").count() == corrected
    assert digits(words["#membership-count"]) == str(MEMBERS[corrected])
    assert all(comment["text"] in words["#comments-list"] for comment in paper.comments)
    assert all(story.title in words["#feed-items"] for story in paper.stories), "Show More, to its end"
    assert len(digits(words["#word-count"])) >= 3, "by the worker"
    assert paper.author["biography"].split()[0] in words["#author-box"]
    assert words["#pressure-chart"].count(":00") == 10
    for frame in ("#hours-frame", "#map-frame"):
        assert len(seen.page.frame_locator(frame).locator("body").inner_text()) > 5
    rest(seen.page)
    pictures = seen.page.evaluate(
        "[...document.querySelectorAll('#gallery img')].map(i => i.complete && i.naturalWidth)"
    )
    assert len(pictures) == 4 and all(pictures)
    assert seen.page.evaluate("[...document.fonts].map(font => font.status)") == ["loaded"]
    assert (seen.missing, seen.outside, seen.errors) == ([], [], [])
    assert seen.page.evaluate(BROKEN) == ["press-card"], "which was 404 when it was captured"


@pytest.mark.parametrize("name", ["article", "article uk"])
def test_the_film_of_an_article_plays_and_seeks(visit, name: str) -> None:
    seen = visit(name)
    told = seen.page.locator("#story-video").evaluate(
        """async video => {
            const until = name => new Promise((done, lost) => {
                video.addEventListener(name, done, { once: true });
                setTimeout(() => lost(new Error(name)), 15000);
            });
            video.muted = true;
            await video.play();
            const seeked = until("seeked");
            video.currentTime = 4;
            await seeked;
            const at = Math.floor(video.currentTime);
            await until("ended");
            const back = until("seeked");
            video.currentTime = 1;
            await back;
            const long = Math.round(video.duration);
            return { at, back: Math.floor(video.currentTime), wide: video.videoWidth, long };
        }"""
    )
    assert told == {"at": 4, "back": 1, "wide": 640, "long": 6}
    assert seen.missing == []


PRESS = """async ([selector, times]) => {
    for (let time = 0; time < times; time += 1) {
        const all = document.querySelectorAll(selector);
        for (const one of all) {
            one.click();
            await new Promise(done => setTimeout(done, 20));
        }
        await new Promise(done => setTimeout(done, 450));
    }
}"""
PRESSED = {
    "carousel": ("#round button, #line button:last-of-type, .swiper-button-next", 4),
    "folded": ("summary, [role=tab], .fold", 1),
    "facade": ("lite-film button", 1),
}


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_all_that_a_page_can_show_is_shown_in_replay(visit, archived: Archived, replay: str, name: str) -> None:
    seen = visit(f"behaviour {name}")
    if name in PRESSED:
        seen.page.evaluate(PRESS, list(PRESSED[name]))
        rest(seen.page)
    page = archived.replay_url(replay, f"behaviour {name}", "im_")
    for picture in SHOWN[name]:
        at = page.replace("tricks.", "frames.") if picture.startswith("far-") else page
        answer = seen.page.request.get(f"{at}/{picture}.svg")
        assert (answer.status, f"{name}: {picture}" in answer.text()) == (200, True), picture
    assert (seen.missing, seen.outside, seen.errors) == ([], [], [])


@pytest.mark.parametrize(("name", "words"), [("windows-1251", "їжак повернувся"), ("latin-1", "Café fermé")])
def test_old_encodings_are_read_as_they_were(visit, name: str, words: str) -> None:
    assert words in visit(name).page.locator("h1").inner_text()


def test_what_is_not_in_the_archive_is_a_miss(visit, archived: Archived, replay: str) -> None:
    """The tests above can fail."""
    seen = visit("story")
    seen.page.evaluate("fetch('/not/here.json').catch(() => {}); new Image().src = '/nor/this.png'")
    seen.page.evaluate("setTimeout(() => nowhere())")
    rest(seen.page)
    assert len(seen.missing) == 2 and len(seen.errors) == 1
