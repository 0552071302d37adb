"""Reading the newsroom's article, live or in replay, as a reader's eyes would."""

from playwright.sync_api import Page

TOLD = [
    *("#headline", "#reading-time", "#membership-count", "#word-count", "#pressure-chart", "#comments-list"),
    *("#position-saved", "#related-card", "#author-box", "#feed-items"),
]
"""What a reader sees, script's work included; see the newsroom for what each is."""


def told(page: Page) -> dict[str, str]:
    """The texts of the page once all its scripts are done and every feed item is there."""
    page.wait_for_function("document.querySelectorAll('[data-state=waiting]').length === 0")
    for _ in range(5):
        if not page.locator("#show-more").count():
            break
        items = page.locator("#feed-items > *").count()
        page.locator("#show-more").click()
        page.wait_for_function(f"document.querySelectorAll('#feed-items > *').length > {items}")
    return {name: page.locator(name).inner_text() for name in TOLD}
