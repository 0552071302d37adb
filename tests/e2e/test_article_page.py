"""The article page and the framed replay in a real Chromium, of an article in two versions and two languages."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import rispy
from citeproc.source.bibtex.bibparse import BibTeXParser
from playwright.sync_api import Browser, Page, expect

from archived import CORRECTED, Archived
from looking import SIGHTS, faults
from newsroom.editions import edition

pytestmark = [pytest.mark.browser, pytest.mark.servers]

VERSIONS = {"first": "article", "corrected": CORRECTED, "ukrainian": "article uk"}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, accept_downloads=True)
    yield context.new_page()
    context.close()


def address(app: str, archived: Archived, version: str, place: str = "") -> str:
    return f"{app}/default/{archived.capture(VERSIONS[version])}{place}"


@pytest.mark.parametrize("sight", SIGHTS, ids="-".join)
def test_pages_look_right_and_can_be_used_by_all(
    browser: Browser, app: str, archived: Archived, sight: tuple[str, str, str]
) -> None:
    version = "ukrainian" if sight[2] == "uk" else "corrected"
    for place in ("", "/replay", "/resources"):
        name = f"article{place.replace('/', '-')}"
        assert faults(browser, sight, address(app, archived, version, place), name) == []


def test_a_reader_goes_from_the_article_into_replay_and_back_in_time(page: Page, app: str, archived: Archived) -> None:
    page.goto(address(app, archived, "corrected"))
    story = edition("en").article
    expect(page.get_by_role("heading", level=1)).to_have_text(story["correction"]["headline"])
    shot = page.get_by_role("img")
    assert shot.evaluate("image => image.naturalWidth") > 300
    page.get_by_role("link", name="Open in replay").click()
    frame = page.frame_locator("iframe")
    expect(frame.locator("#headline")).to_have_text(story["correction"]["headline"])
    expect(page.get_by_role("banner")).to_contain_text("Archived copy")
    page.locator("a[rel=prev]").click()
    expect(frame.locator("#headline")).to_have_text(story["headline"])
    expect(page.get_by_role("heading", level=1)).to_have_text(story["headline"])
    expect(page.get_by_role("banner")).to_contain_text("of the page")
    page.get_by_role("link", name="About this copy").click()
    assert page.url == address(app, archived, "first")
    expect(page.get_by_text("headline changed").first).to_be_visible()


def test_whoever_follows_a_link_is_told_what_the_banner_is_about(page: Page, app: str, archived: Archived) -> None:
    page.goto(address(app, archived, "first", "/replay"))
    frame = page.frame_locator("iframe")
    frame.locator("#headline").wait_for()
    page.wait_for_load_state()
    told = page.get_by_text("If you followed a link")
    expect(told).to_be_hidden()
    frame.get_by_role("link", name="Українською").click()
    expect(told).to_be_visible()
    page.get_by_role("link", name="Back to it").click()
    expect(frame.locator("#headline")).to_have_text(edition("en").article["headline"])
    expect(told).to_be_hidden()


def test_the_archived_page_cannot_change_what_stands_above_it(page: Page, app: str, archived: Archived) -> None:
    page.goto(address(app, archived, "first", "/replay"))
    page.frame_locator("iframe").locator("#headline").wait_for()
    title = page.title()
    inside = next(frame for frame in page.frames if frame.parent_frame)
    inside.evaluate(
        """() => {
          document.title = "Ours";
          for (const change of [
            () => { window.parent.document.title = "Theirs"; },
            () => { window.parent.location = "about:blank"; },
            () => { window.open("about:blank", "_top"); },
            () => { window.parent.postMessage({wb_type: "load", title: "Theirs", url: "https://evil.example/"}, "*"); },
            () => { history.pushState({}, "Theirs", "/other"); },
          ]) try { change(); } catch (refused) {}
        }"""
    )
    page.wait_for_timeout(300)
    assert (page.title(), page.url) == (title, address(app, archived, "first", "/replay"))
    expect(page.get_by_role("heading", level=1)).to_have_text(edition("en").article["headline"])


def test_the_page_is_whole_without_scripts_and_by_keyboard(browser: Browser, app: str, archived: Archived) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address(app, archived, "corrected"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    way = page.get_by_role("link", name="Open in replay")
    for _ in range(6):
        page.keyboard.press("Tab")
        if way.evaluate("link => link === document.activeElement"):
            break
    expect(way).to_be_focused()
    summary = page.locator("summary", has_text="sources").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("in the page’s JSON-LD").first).to_be_visible()
    box = page.get_by_label("Permalink")
    box.select_text()
    assert box.input_value() == address(app, archived, "corrected")
    context.close()


def test_every_file_can_be_taken_away(page: Page, app: str, archived: Archived, tmp_path: Path) -> None:
    page.goto(address(app, archived, "corrected"))
    identity, taken = archived.capture(CORRECTED), {}
    for name in ("WARC", "WACZ", "Metadata", "Certificate", "RIS", "BibTeX", "CSL-JSON", "Robust Link"):
        with page.expect_download() as started:
            page.get_by_role("link", name=name, exact=True).click()
        taken[name] = tmp_path / started.value.suggested_filename
        started.value.save_as(taken[name])
    assert all(path.name.startswith(identity) for path in taken.values())
    assert taken["WARC"].read_bytes() == (archived.root / "default" / archived.lines[CORRECTED]["warc"]).read_bytes()
    checked = subprocess.run(
        [Path(sys.executable).with_name("wacz"), "validate", "-f", taken["WACZ"]], capture_output=True, text=True
    )
    assert checked.returncode == 0 and "failed" not in checked.stdout.lower(), checked.stdout + checked.stderr
    [reference] = rispy.loads(taken["RIS"].read_text("utf-8"))
    assert reference["title"] == edition("en").article["correction"]["headline"]
    [(key, entry)] = BibTeXParser(str(taken["BibTeX"]), "utf-8").items()
    assert (key, entry["title"].strip("{}")) == (identity.lower(), edition("en").article["correction"]["headline"])
    certificate = page.context.new_page()
    certificate.goto(taken["Certificate"].as_uri())
    expect(certificate.get_by_text("All files agree with the ledger")).to_be_visible()
