"""Which engine: `browser`, `http`, or `auto`, which takes the browser when there is one."""

from archiver.browser import find_chromium
from archiver.engines import Engine, EngineOptions
from archiver.errors import PartMissing, UsageError


def _has_browser() -> bool:
    try:
        return bool(find_chromium())
    except PartMissing:
        return False


def check_choice(name: str, options: EngineOptions) -> None:
    """Raise `UsageError` if the engine of that name cannot do what the options ask for."""
    if name == "http" and options.fidelity == "wire":
        hint = "Leave out --fidelity wire, or capture with --engine browser."
        raise UsageError("The http engine keeps no wire bytes.", hint)


def open_engine(name: str, options: EngineOptions) -> Engine:
    """The engine of that name, not entered yet, minding robots.txt if that is asked for. Raises as `check_choice`."""
    check_choice(name, options)
    engine = _engine(name, options)
    if options.robots == "ignore":
        return engine
    from archiver.engines.robots import MindfulEngine

    return MindfulEngine(engine, options)


def _engine(name: str, options: EngineOptions) -> Engine:
    """Only the chosen one is imported."""
    if name == "browser" or (name == "auto" and (options.fidelity == "wire" or _has_browser())):
        from archiver.engines.browser import BrowserEngine

        return BrowserEngine(options)
    from archiver.engines.http import HttpEngine

    return HttpEngine(options)
