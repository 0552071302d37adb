"""Pages of the app as people see them: on a phone and on a desk, by day and by night, in both languages."""

from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page

from axe import violations

KEPT = Path(__file__).parents[1] / "build/pictures"
"""Where pictures are left to be looked at; not under version control."""
SIZES = {"phone": (360, 740), "desk": (1280, 860)}
SIGHTS = list(product(SIZES, ("light", "dark"), ("en", "uk")))
"""Size, colour scheme and language."""


def faults(browser: Browser, sight: tuple[str, str, str], address: str, name: str) -> list[str]:
    """What is wrong with a page at one sight; its picture is kept under `name`.

    That is what axe-core finds, what scripts and policies complain of, and a page that is wider than its window.
    """
    size, scheme, language = sight
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        extra_http_headers={"Accept-Language": language},
    )
    try:
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda told: said.append(told.text) if "Content Security Policy" in told.text else None)
        answer = page.goto(address)
        assert answer and answer.headers.get("content-language") == language, address
        page.wait_for_load_state("networkidle")
        found = violations(page) + said + _too_wide(page, width)
        KEPT.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=KEPT / f"{name}-{size}-{scheme}-{language}.png", full_page=True)
        return found
    finally:
        context.close()


def _too_wide(page: Page, width: int) -> list[str]:
    across = page.evaluate("document.documentElement.scrollWidth")
    return [f"the page is {across} wide in a window of {width}"] if across > width else []
