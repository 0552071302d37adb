"""QA tells honest captures from damaged ones, with the right reason, and what people see of it."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from markupsafe import escape
from playwright.sync_api import Browser, Page

from archived import NAMES, Archived
from archiver import qa
from archiver.collection import Collection, Root
from archiver.qa.checking import Checker
from archiver.qa.report import write_report
from archiver.replay import Replay
from archiver.verify import verify_collection
from axe import violations
from damage import Change, Kept, body, damage, later, referring, status, text, without
from newsroom.editions import edition

pytestmark = [pytest.mark.browser, pytest.mark.servers]

STORY, HERO = "/en/stories/ferry", "/pictures/ferry-1200.jpg"
TOLD, OTHER = edition("en").story("ferry"), edition("en").story("tower")
COMMENTS = "/comments"
OVER = b'<div style="position:fixed;inset:0;background:#fff;z-index:9;padding:9em">'
CONSENT = (
    OVER
    + b"""<h2>We value your privacy</h2><p>We and our partners use cookies and ask for your consent.</p>
<a href="/consent">Accept and continue</a></div></body>"""
)
MONEY = OVER + b"<h2>Subscribe to continue reading</h2><p>Already a subscriber? <a href=/in>Log in</a></p></div></body>"
SOFT = b"<!doctype html><title>Page not found</title><h1>Page not found</h1><p>Sorry, there is no such page.</p>"
LEAK = b"""<script>new Image().src = "https://leak.example/pixel.gif"; fetch("https://leak.example/data.json")</script>
<link rel="preconnect" href="https://leak.example"></head>"""


@dataclass(frozen=True)
class Damage:
    """What is done to which page, and what QA must say of it."""

    page: str
    change: Change
    codes: tuple[str, ...]
    """All of these, among others perhaps."""
    verdict: str = "fail"
    agreed: bool = True


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def scrambled(content: bytes) -> bytes:
    """As long, and no picture any more."""
    return bytes(byte ^ 0xA5 for byte in content)


def untidy(content: bytes) -> bytes:
    """As long, and no reader sees that it is another."""
    return content[:-1] + b" "


def failing(content: bytes) -> bytes:
    return content + b"\nsetTimeout(() => notThere.play(), 10);\n"


def of_another_story(content: bytes) -> bytes:
    for mine, other in zip((TOLD.title, *TOLD.text), (OTHER.title, *OTHER.text), strict=True):
        content = content.replace(escaped(mine), escaped(other))
    return content


def comments(new: Callable[[bytes], bytes]) -> Change:
    """Other comments."""

    def change(one: Kept, _: object) -> Kept:
        if one.http is None or one.kind != "response" or not one.url.endswith(COMMENTS) or len(one.body) < 50:
            return one  # the preflight's answer is at the same address
        return replace(one, body=new(one.body))

    return change


def of_no_article(content: bytes) -> bytes:
    return json.dumps({"article": "other", "comments": []}).encode()


def of_others(content: bytes) -> bytes:
    """As many letters, by readers of other names."""
    told = json.loads(content)
    for one in told["comments"]:
        one["name"] = one["name"][::-1]
    made = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode().ljust(len(content))
    assert len(made) == len(content)
    return made


def escaped(words: str) -> bytes:
    return str(escape(words)).encode()


def edit(old: bytes, new: bytes) -> Change:
    """The story's page has other words."""
    return body(STORY, lambda content: content.replace(old, new))


DAMAGES = {
    "picture lost": Damage("story", without(HERO), ("resource-lost", "incomplete", "article-differs")),
    "picture broken": Damage("story", body(HERO, scrambled), ("article-differs",), "warn"),
    "picture another": Damage(
        "story", referring(HERO, "/pump-house-1200.webp"), ("article-differs", "resource-changed")
    ),
    "original missing": Damage("doubles", without("/first.png"), ("resource-lost", "incomplete")),
    "style sheet lost": Damage("story", without("/site.css"), ("resource-lost", "view-differs")),
    "typeface lost": Damage("story", without(".woff2"), ("resource-lost",), "warn"),
    "text of another article": Damage("story", body(STORY, of_another_story), ("text-missing", "headline-missing")),
    "paragraph missing": Damage("story", edit(escaped(TOLD.text[1]), b""), ("text-missing",), "warn"),
    "headline changed": Damage("story", edit(escaped(TOLD.title), b"Ferry stopped"), ("headline-missing",), "warn"),
    "blank": Damage("story", body(STORY, b"<!doctype html><title>Ferry</title>"), ("page-blank", "text-missing")),
    "soft 404": Damage("story", body(STORY, SOFT), ("page-kind", "text-missing")),
    "wall for consent": Damage("story", edit(b"</body>", CONSENT), ("page-kind",), "warn"),
    "wall for money": Damage("story", edit(b"</body>", MONEY), ("page-kind",)),
    "error of the server": Damage("story", status(STORY, "500 Oh"), ("main-differs",)),
    "another time": Damage("story", later(5, HERO, "/site.css"), ("time-offset",), "warn"),
    "way out": Damage("story", edit(b"</head>", LEAK), ("resource-newly-asked",), "warn"),
    "script that writes broken": Damage(
        "written by a script", text("/by-script", "innerHTML", "innerHTM_"), ("page-blank", "text-missing")
    ),
    "frame lost": Damage("film embedding", without("/films/player"), ("resource-lost",)),
    "film lost": Damage("film several", without("/first.mp4", "/second.mp4"), ("film-broken", "resource-lost")),
    "film cut": Damage("film several", body("/second.mp4", half), ("resource-changed", "film-broken"), agreed=False),
    "film cut at the capture": Damage("film several", body("/second.mp4", half), ("film-broken", "film-shorter")),
    "data as long": Damage("article", comments(of_others), ("resource-changed",), agreed=False),
    "picture as another": Damage("story", body(HERO, scrambled), ("resource-changed",), agreed=False),
    "style sheet as another": Damage("story", body("/site.css", untidy), ("resource-changed",), agreed=False),
    "script that fails": Damage("article", body("/site.js", failing), ("script-error",), "warn"),
    "script lost": Damage("article", without("/site.js"), ("resource-lost", "text-differs"), "warn"),
    "comments of another article": Damage("article", comments(of_no_article), ("resource-changed",), agreed=False),
    "comments of another day": Damage("article", later(2, COMMENTS), ("time-violation",), "warn"),
    "data lost": Damage("article", without("/membership.json"), ("resource-lost",), "warn"),
    "worker lost": Damage("article", without("/counter.js"), ("resource-lost",), "warn"),
}

TOLD_BY_VERIFY = ("original missing", "film cut", "film cut at the capture")
"""Of which `verify` finds something as well: an original that is not there."""


Results = dict[str, tuple[Collection, qa.Result]]


def results(root: Path, captures: dict[str, tuple[Collection, str]]) -> Results:
    """What QA says of captures, by their names; one replay server and two browsers for all."""
    names = {capture: name for name, (_, capture) in captures.items()}
    todo = [(collection, collection.sidecar(capture)) for collection, capture in captures.values()]
    with Checker(root, jobs=2) as checker:
        return {names[one.result.capture]: (one.collection, one.result) for one in checker.check(todo)}


@pytest.fixture(scope="module")
def root(archived: Archived, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, because results are kept there, and damaged captures; other tests see the newsroom as it was captured."""
    return shutil.copytree(archived.root, tmp_path_factory.mktemp("judged") / "collections")


@pytest.fixture(scope="module")
def honest(archived: Archived, root: Path) -> Results:
    collection = Root(root).collection("default")
    return results(root, {name: (collection, archived.capture(name)) for name in NAMES})


@pytest.fixture(scope="module")
def damaged(archived: Archived, root: Path) -> Results:
    """Each in a collection of its own, because they have one address and one time."""
    made = {}
    source = Root(root).collection("default")
    for number, (name, what) in enumerate(DAMAGES.items()):
        target = Root(root).create(f"damaged-{number}", name, agent="test/1")
        made[name] = target, damage(source, archived.capture(what.page), target, what.change, agreed=what.agreed)
    return results(root, made)


def told(result: qa.Result) -> str:
    """All that speaks against it, for who reads a failed test."""
    return "\n".join(f"{one.level} {one.code} {one.where} {one.message}" for one in result.reasons)


@pytest.mark.parametrize("name", NAMES)
def test_an_honest_capture_passes(honest: Results, name: str) -> None:
    _, result = honest[name]
    assert (result.verdict, result.leaks) == ("pass", ()), told(result)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_capture_does_not_pass_and_the_reason_is_the_right_one(damaged: Results, name: str) -> None:
    collection, result = damaged[name]
    expected = DAMAGES[name]
    codes = {one.code for one in result.reasons if one.level != "info"}
    assert result.verdict == expected.verdict, told(result)
    assert set(expected.codes) <= codes, told(result)
    assert result.leaks == (), "nothing gets out"
    if name not in TOLD_BY_VERIFY:
        assert verify_collection(collection).findings == (), "only QA can tell"


def test_what_another_capture_got_is_told(archived: Archived, root: Path) -> None:
    """The comments are gone from one capture, and others were there a minute later."""
    source, target = Root(root).collection("default"), Root(root).create("two", "Two", agent="test/1")
    poor = damage(source, archived.capture("article"), target, without(COMMENTS))
    damage(source, archived.capture("article"), target, later(60 / 86400, COMMENTS), comments(of_others))
    _, result = results(root, {"poor": (target, poor)})["poor"]
    (one,) = [one for one in result.resources if one.state == "other-capture"]
    assert one.url.endswith(COMMENTS) and one.weight > 0
    assert result.verdict == "warn", told(result)


# What people see of it


@pytest.fixture(scope="module")
def report(damaged: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(damaged.values(), tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def app(root: Path) -> Iterator[str]:
    with Replay(root, port=0, replay_port=0) as servers:
        yield servers.app


LOOKS = [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")]
PICTURES = Path(__file__).parents[2] / "build/pictures"


@pytest.fixture
def opened(browser: Browser):
    """Opens a page at a width and in a colour scheme; policies that it breaks fail the test."""
    contexts, complaints = [], []

    def open_page(address: str, width: int = 1280, scheme: str = "light", **more) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    by_axe = "Connecting to"  # which reads style sheets of files again
    assert [text for text in complaints if "Content Security Policy" in text and by_axe not in text] == []


def kept_as_picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("shown", ["summary", "text of another article"])
def test_the_report_is_for_all_readers(
    damaged: Results, report: Path, opened, shown: str, width: int, scheme: str
) -> None:
    file = report if shown == "summary" else report.with_name(f"{damaged[shown][1].capture}.html")
    page = opened(file.as_uri(), width, scheme)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    kept_as_picture(page, f"qa-report-{shown.split()[0]}-{width}-{scheme}")


@pytest.mark.parametrize("language", ["en", "uk"])
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_page_of_the_app_is_for_all_readers(
    damaged: Results, app: str, opened, width: int, scheme: str, language: str
) -> None:
    collection, result = damaged["picture lost"]
    page = opened(f"{app}/{collection.name}/{result.capture}/qa", width, scheme, locale=language)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    kept_as_picture(page, f"qa-page-{width}-{scheme}-{language}")


@pytest.mark.parametrize("place", ["report", "app"])
def test_two_pictures_are_compared_by_hand(damaged: Results, report: Path, app: str, opened, place: str) -> None:
    collection, result = damaged["picture lost"]
    app_page = f"{app}/{collection.name}/{result.capture}/qa"
    page = opened(report.with_name(f"{result.capture}.html").as_uri() if place == "report" else app_page)
    pair = page.locator(".pair").first
    pair.scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('.pair img')].slice(0, 2).every(one => one.naturalWidth)")
    upper = pair.locator(".replayed")
    cut = "one => getComputedStyle(one).clipPath"
    page.locator("#view-cut").focus()
    assert "50%" in upper.evaluate(cut)
    page.keyboard.press("Home")
    assert upper.evaluate(cut) in ("inset(0px 0px 0px 0%)", "inset(0px)")
    page.keyboard.press("End")
    assert "100%" in upper.evaluate(cut)
    page.locator("#view-difference").check()
    assert upper.evaluate("one => getComputedStyle(one).mixBlendMode") == "difference"
    kept_as_picture(page, f"qa-difference-{place}")


def test_without_scripts_the_pictures_stand_side_by_side(damaged: Results, report: Path, opened) -> None:
    page = opened(report.with_name(f"{damaged['picture lost'][1].capture}.html").as_uri(), java_script_enabled=False)
    boxes = [page.locator(f".pair >> nth=0 >> .{side}").bounding_box() for side in ("captured", "replayed")]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert not page.locator(".handles").first.is_visible()
