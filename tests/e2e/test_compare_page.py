"""The page of comparison in a real Chromium: the newsroom's article before and after its correction, and others."""

import json
from collections.abc import Iterator

import feedparser
import pytest
from playwright.sync_api import Browser, Page, expect

from archived import CORRECTED, Archived
from looking import SIGHTS, faults
from newsroom.editions import edition

pytestmark = [pytest.mark.browser, pytest.mark.servers]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    yield context.new_page()
    context.close()


def address(app: str, archived: Archived, old: str, new: str, query: str = "") -> str:
    return f"{app}/default/{archived.capture(old)}/compare/{archived.capture(new)}{query}"


@pytest.mark.parametrize("sight", SIGHTS, ids="-".join)
def test_pages_look_right_and_can_be_used_by_all(
    browser: Browser, app: str, archived: Archived, sight: tuple[str, str, str]
) -> None:
    other = "article uk" if sight[2] == "uk" else "article"
    shown = {"compare": address(app, archived, other, CORRECTED)}
    if sight[:2] in (("phone", "light"), ("desk", "dark")):
        shown |= {"compare-in-one": address(app, archived, other, CORRECTED, "?view=one"), "api": f"{app}/-/api"}
    for name, place in shown.items():
        assert faults(browser, sight, place, name) == []


def test_a_reader_sees_what_the_correction_changed(page: Page, app: str, archived: Archived) -> None:
    page.goto(address(app, archived, CORRECTED, "article"))
    story = edition("en").article
    summary = page.locator(".summary")
    expect(summary).to_contain_text("The headline was changed.")
    expect(summary).to_contain_text("the same")
    headlines = page.locator(".headline-of")
    expect(headlines).to_have_text([story["headline"], story["correction"]["headline"]])
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Headline", exact=True))
    expect(row).to_contain_text("in the page’s JSON-LD")
    changed = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Date of change"))
    expect(changed).to_be_visible()
    expect(page.get_by_role("rowheader", name="Date of publication")).to_have_count(0)
    folded = page.locator(".same summary").first
    folded.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".same p").first).to_be_visible()
    page.get_by_role("link", name="In one").click()
    expect(page.locator(".in-one")).to_be_visible()
    assert page.url.endswith("?view=one#text-title")


def test_the_slider_is_moved_by_keyboard(page: Page, app: str, archived: Archived) -> None:
    page.goto(address(app, archived, "article", CORRECTED))
    slider = page.get_by_role("slider")
    slider.scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('.pictures img')].every(one => one.naturalWidth > 300)")
    new = page.locator(".pictures .new")

    def hidden() -> str:
        return str(new.evaluate("one => getComputedStyle(one).clipPath"))

    assert "50%" in hidden()
    boxes = [page.locator(f".pictures .{side} img").bounding_box() for side in ("old", "new")]
    assert boxes[0] and boxes[1] and [boxes[0]["x"], boxes[0]["width"]] == [boxes[1]["x"], boxes[1]["width"]]
    assert boxes[0]["y"] == boxes[1]["y"]
    slider.focus()
    page.keyboard.press("End")
    assert hidden() in ("inset(0px)", "inset(0px 0px 0px 0%)")
    page.keyboard.press("Home")
    assert "100%" in hidden()
    page.keyboard.press("ArrowRight")
    assert "99%" in hidden()


def test_all_of_it_is_there_without_scripts(browser: Browser, app: str, archived: Archived) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(address(app, archived, "article", CORRECTED))
    expect(page.get_by_role("slider")).to_be_hidden()
    old, new = (page.locator(f".pictures .{side} img").bounding_box() for side in ("old", "new"))
    assert old and new and old["x"] + old["width"] <= new["x"]
    page.get_by_label("Older capture", exact=True).select_option(archived.capture(CORRECTED))
    page.get_by_role("button", name="Compare").click()
    assert page.url == address(app, archived, CORRECTED, CORRECTED)
    expect(page.get_by_text("This is one and the same capture.")).to_be_visible()
    context.close()


def test_articles_in_two_languages_are_told_apart(page: Page, app: str, archived: Archived) -> None:
    page.goto(address(app, archived, "article", "article uk", "?lang=uk"))
    expect(page.get_by_text("Це збереження двох різних сторінок.")).to_be_visible()
    languages = page.locator(".texts p[lang]").evaluate_all("all => [...new Set(all.map(one => one.lang))].sort()")
    assert languages == ["en", "uk"]


def test_the_api_and_the_feed_tell_the_same(page: Page, app: str, archived: Archived) -> None:
    ids = [archived.capture(name) for name in ("article", CORRECTED)]
    url = archived.lines["article"]["final_url"]
    versions = page.request.get(f"{app}/-/api/versions", params={"url": url}).json()
    assert [one["id"] for one in versions["captures"]] == ids[::-1]
    told = page.request.get(f"{app}/-/api/captures/default/{ids[1]}").json()
    for name in (
        "page",
        "replay",
        "memento",
        "text",
        "screenshot",
        "thumbnail",
        "warc",
        "wacz",
        "sidecar",
        "ris",
        "csl",
    ):
        assert page.request.get(told["summary"]["links"][name]).ok, name
    assert page.request.get(told["summary"]["links"]["certificate"]).ok
    resources = page.request.get(f"{app}/-/api/captures/default/{ids[1]}/resources").json()
    assert sum(one["recorded"] for one in resources["resources"]) > 10
    feed = feedparser.parse(page.request.get(f"{app}/default/feed.xml").body())
    assert set(ids) <= {one.id for one in feed.entries}
    document = page.request.get(f"{app}/-/api/openapi.json").json()
    assert document["servers"] == [{"url": app}]
    assert json.dumps(document)
