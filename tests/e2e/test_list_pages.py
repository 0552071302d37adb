"""Lists in a real Chromium: collections, facets, search, languages, the keyboard; and WARCs made by others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from archived import CORRECTED, Archived
from archiver.replay import Replay
from conftest import Program
from looking import SIGHTS, faults
from newsroom.editions import edition

pytestmark = [pytest.mark.browser, pytest.mark.servers]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("sight", SIGHTS, ids="-".join)
def test_lists_look_right_and_can_be_used_by_all(browser: Browser, app: str, sight: tuple[str, str, str]) -> None:
    for name, path in (("collections", "/"), ("collection", "/default/"), ("found", "/default/?q=bridge&language=en")):
        assert faults(browser, sight, app + path, f"list-{name}") == []


def test_a_reader_narrows_a_list_and_opens_what_was_found(page: Page, app: str, archived: Archived) -> None:
    """All of it without scripts."""
    story = edition("en").article
    page.goto(app)
    page.locator(".shelf a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("searchbox").fill(f'"{story["correction"]["headline"]}"')
    page.get_by_role("button", name="Find").click()
    card = page.locator(".card").first
    expect(card.get_by_role("heading")).to_have_text(story["correction"]["headline"])
    expect(card).to_contain_text("Published")
    expect(card).to_contain_text("Captured")
    picture = card.locator("img").get_attribute("src")
    assert picture == f"/default/{archived.capture(CORRECTED)}/thumbnail"
    answer = page.request.get(app + picture)
    assert (answer.status, answer.headers["content-type"], answer.body()[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")
    page.locator(".chips a").first.click()
    page.locator("[aria-labelledby=f-language] a", has_text="Ukrainian").click()
    assert page.url.endswith("?language=uk")
    headlines = page.locator(".card-title a")
    expect(headlines.first).to_have_attribute("lang", "uk")
    number = headlines.count()
    expect(page.locator(".count")).to_contain_text(f"{number} article")
    page.locator(".chips a").first.click()
    assert page.locator(".card").count() > number
    headlines.first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert len(page.url.rstrip("/").split("/")) == 5


def test_the_language_is_kept_from_page_to_page(page: Page, app: str) -> None:
    page.goto(f"{app}/default/?language=uk")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="Українська", exact=True).click()
    assert page.url == f"{app}/default/?language=uk"
    expect(page.locator("html")).to_have_attribute("lang", "uk")
    page.goto(app)
    expect(page.get_by_role("heading", level=1)).to_have_text("Колекції")
    [cookie] = page.context.cookies()
    assert (cookie["name"], cookie["value"], cookie["sameSite"], cookie["httpOnly"]) == ("language", "uk", "Lax", True)


def test_a_list_is_used_by_keyboard_alone(page: Page, app: str) -> None:
    page.goto(f"{app}/default/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip").first).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")
    seen = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if not focused.count():
            if page.evaluate("document.activeElement.type") == "date":
                continue  # the button of its calendar, which is the browser's own
            break
        outline = focused.evaluate(
            "e => [e, ...[getComputedStyle(e), getComputedStyle(e, '::after')].map(s => s.outlineStyle)].slice(1)"
        )
        assert "solid" in outline, focused.inner_text()
        seen.add(focused.evaluate("e => e.closest('section, .sorts, .card, .pages, .crumbs')?.className || 'facet'"))
        if focused.evaluate("e => !!e.closest('.card')"):
            break
    assert {"facet", "card"} <= seen
    page.keyboard.press("Enter")
    page.wait_for_url("**/default/2*")


def test_the_filters_can_be_skipped(page: Page, app: str) -> None:
    page.goto(f"{app}/default/")
    skip = page.get_by_role("link", name="Skip the filters")
    skip.focus()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.found') !== null")


def test_filters_fold_away_on_a_phone_and_open_without_scripts(browser: Browser, app: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{app}/default/")
    choice = page.locator("[aria-labelledby=f-language] a").first
    expect(choice).not_to_be_visible()
    page.locator(".filters > summary").click()
    expect(choice).to_be_visible()
    context.close()


@pytest.mark.corpus
def test_warcs_made_by_others_are_listed_found_and_read(
    corpus: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> None:
    """Without thumbnails, and at times without a headline."""
    archiver = Program(tmp_path_factory.mktemp("theirs"))
    archiver("init", "theirs", "--title", "Made by others")
    for name in ("pywb/iana.warc.gz", "pywb/example.warc.gz", "whirlwind/whirlwind.warc.gz"):
        done = archiver("import", corpus / "warcs" / name, "-c", "theirs", "--json")
        assert done.code == 0, done.stderr
    context = browser.new_context()
    with Replay(archiver.root, port=0, replay_port=0) as servers:
        page = context.new_page()
        page.goto(f"{servers.app}/theirs/")
        assert page.locator(".card").count() > 5
        assert not [text for text in page.locator(".card-title").all_inner_texts() if not text.strip()]
        page.get_by_role("searchbox").fill("example domain")
        page.get_by_role("button", name="Find").click()
        page.locator(".card-title a", has_text="Example Domain").first.click()
        page.get_by_role("link", name="Open in replay").click()
        heading = page.frame_locator("iframe").get_by_role("heading", level=1)
        expect(heading).to_have_text("Example Domain")
    context.close()
