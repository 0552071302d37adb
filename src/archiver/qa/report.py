"""Results as a folder of HTML pages that need no server and no network: a summary, and a page for each capture.

Everything that pages and their sites said is hostile: it is text here, escaped by the templates, under a policy that
lets nothing run or load but the files of the folder.
"""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archiver import __version__, disk
from archiver.collection import Collection
from archiver.dates import instant
from archiver.html import environment
from archiver.qa import wording
from archiver.qa.result import VERDICTS, Result
from archiver.qa.storing import picture
from archiver.sidecar import Sidecar
from archiver.words import Language, Words

PAGES = Path(__file__).parent / "pages"
"""Templates, and the words that they are said in."""
STATIC = PAGES / "static"
POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class Shown:
    """One result as the pages show it."""

    collection: str
    result: Result
    title: str
    language: str
    pairs: list[tuple[str, str, str]]
    """Name of a state, and the addresses of its two pictures; "" where there is none."""

    @property
    def file(self) -> str:
        """Its page."""
        return f"{self.result.capture}.html"

    @property
    def host(self) -> str:
        """The site."""
        return (urlsplit(self.result.url).hostname or "").removeprefix("www.")


def write_report(checked: Iterable[tuple[Collection, Result]], folder: Path, language: Language = "en") -> Path:
    """Write the report into `folder`, which is made if need be; returns its first page.

    Raises `StorageError` where it cannot be written.
    """
    with disk.writing(folder):
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        for file in STATIC.iterdir():
            if file.suffix in (".css", ".js"):
                shutil.copyfile(file, folder / file.name)
    render = _renderer(Words.of(language, PAGES))
    shown = sorted((_shown(collection, result, folder) for collection, result in checked), key=_rank)
    for one in shown:
        disk.write_atomic(folder / one.file, render("capture.html", one=one), replace=True)
    counts = {word: sum(one.result.verdict == word for one in shown) for word in reversed(VERDICTS)}
    disk.write_atomic(folder / "index.html", render("index.html", shown=shown, counts=counts), replace=True)
    return folder / "index.html"


def vocabulary() -> dict[str, Any]:
    """What the templates in `PAGES` need beside the words of a language."""
    return {
        "verdicts": wording.VERDICTS,
        "levels": wording.LEVELS,
        "tones": wording.TONES,
        "codes": wording.REASONS,
        "measured": wording.MEASURES,
        "states": wording.STATES,
        "kinds": wording.KINDS,
        "hints": wording.HINTS,
        "settings": wording.SETTINGS,
        "set": wording.SET,
        "worst_first": wording.worst_first,
        "instant": instant,
    }


def _renderer(words: Words) -> Callable[..., bytes]:
    templates = environment(PAGES)
    templates.globals.update(
        vocabulary(),
        **wording.speaking(words),
        language=words.language,
        policy=POLICY,
        software=f"archiver {__version__}",
    )
    return lambda name, **values: templates.get_template(name).render(**values).encode()


def _shown(collection: Collection, result: Result, folder: Path) -> Shown:
    sidecar = collection.sidecar(result.capture)
    title, language = (sidecar.headline, str(sidecar.article.get("inLanguage") or "")) if sidecar else ("", "")
    pairs = _pictures(collection, result, sidecar, folder) if sidecar else []
    return Shown(collection.name, result, title or result.url, language, pairs)


def _pictures(collection: Collection, result: Result, sidecar: Sidecar, folder: Path) -> list[tuple[str, str, str]]:
    """Put the pictures beside the pages; returns their addresses there."""
    pairs: list[tuple[str, str, str]] = []
    for one in result.pictures:
        captured, replayed = "", ""
        if content := picture(collection, result, sidecar, one.captured):
            captured = f"pictures/{result.capture}-{one.name}-captured.png"
            disk.write_atomic(folder / captured, content, replace=True)
        if content := picture(collection, result, sidecar, one.replayed):
            replayed = f"pictures/{result.capture}-{one.name}-replayed.png"
            disk.write_atomic(folder / replayed, content, replace=True)
        if captured or replayed:
            pairs.append((one.name, captured, replayed))
    return pairs


def _rank(one: Shown) -> tuple[int, str, str]:
    return -VERDICTS.index(one.result.verdict), one.collection, one.result.capture
