"""The report's page in a real browser: it fits a phone, it fits paper, and it asks for nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from archiver.browser import find_chromium
from archiver.collection import Root
from archiver.report import page, report
from archiver.stores.local import LocalStore
from archiver.sync import push
from stockroom import Invented, add

pytestmark = pytest.mark.browser

CONTRAST = """() => {
    const light = text => {
        const [r, g, b] = text.match(/[\\d.]+/g).map(n => n / 255).map(
            c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const under = element => {
        for (let at = element; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (!colour.endsWith(', 0)')) return light(colour);
        }
    };
    return Math.min(...[...document.querySelectorAll('td, th, p, dt, dd, .state, caption, h1, h2, h3')].map(
        element => ratio(light(getComputedStyle(element).color), under(element))));
}"""
"""The least contrast of any text with what is under it (WCAG 2.2 §1.4.3)."""


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_fits_and_asks_for_nothing(tmp_path: Path, width: int, scheme: str) -> None:
    news = Root(tmp_path / "root").create("news", "A long word: " + "Donaudampfschifffahrt" * 2, agent="test/1")
    for number in range(3):
        add(news, Invented(f"https://news.example/{number}", days=-30 * number))
    (tmp_path / ("a-long-name-of-a-disk-" * 5)).mkdir()
    push(news, LocalStore(tmp_path / ("a-long-name-of-a-disk-" * 5)))
    file = tmp_path / "report.html"
    file.write_text(page([report(news)]), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        shown = context.new_page()
        asked: list[str] = []
        said: list[str] = []
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("console", lambda message: said.append(message.text))
        shown.goto(file.as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.evaluate(CONTRAST) >= 4.5
        shown.emulate_media(media="print")
        shown.set_viewport_size({"width": 718, "height": 1000})  # A4 within its margins
        assert shown.evaluate("document.documentElement.scrollWidth") <= 718
        browser.close()
    assert (asked, said) == ([file.as_uri()], [])
