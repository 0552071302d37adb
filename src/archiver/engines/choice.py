"""Which engine: `browser`, `http`, or `auto`, which takes the browser when there is one."""

from archiver.browser import find_chromium
from archiver.engines import Engine, EngineOptions
from archiver.errors import PartMissing


def _has_browser() -> bool:
    try:
        return bool(find_chromium())
    except PartMissing:
        return False


def open_engine(name: str, options: EngineOptions) -> Engine:
    """The engine of that name, not entered yet. Only the chosen one is imported."""
    if name == "browser" or (name == "auto" and _has_browser()):
        from archiver.engines.browser import BrowserEngine

        return BrowserEngine(options)
    from archiver.engines.http import HttpEngine

    return HttpEngine(options)
