"""Every honest page of the newsroom, captured by the browser through the command; the site is stopped afterwards."""

from dataclasses import dataclass
from pathlib import Path

from conftest import Program
from newsroom import Newsroom

FILMS = ("ranges", "script-hls", "script-dash", "several", "embedding")
BEHAVIOURS = ("lazy", "variants", "carousel", "folded", "feed", "inner", "more", "shadows", "framed", "facade")
TRICKS = {
    **{f"film {name}": f"/films/pages/{name}" for name in FILMS},
    **{f"behaviour {name}": f"/behave/{name}" for name in BEHAVIOURS},
    "windows-1251": "/windows-1251",
    "latin-1": "/latin-1",
    "doubles": "/doubles",
    "unusual": "/unusual",
    "consent": "/consent/didomi",
    "frame": "/walls/ok/shell",
    "written by a script": "/walls/ok/by-script",
    "right to left": "/walls/ok/arabic",
    "pictures": "/walls/ok/pictures",
}
FIRST = ("article", "article uk", "article http", "story", "story uk", *TRICKS)
CORRECTED = "article corrected"
NAMES = (*FIRST, CORRECTED)


@dataclass(frozen=True)
class Archived:
    """What was captured, by the name of the page in `NAMES`."""

    root: Path
    lines: dict[str, dict]
    """What `capture --json` said."""

    def capture(self, name: str) -> str:
        return self.lines[name]["capture_id"]

    def replay_url(self, origin: str, name: str, modifier: str = "mp_") -> str:
        line = self.lines[name]
        stamp = line["capture_id"][:8] + line["capture_id"][9:15]
        return f"{origin}/default/{stamp}{modifier}/{line['final_url']}"


def addresses(site: Newsroom) -> dict[str, str]:
    """Where the pages of `FIRST` are."""
    own = {"article": site.article, "article uk": site.article_uk, "article http": site.http_article}
    own |= {"story": site.url("news", "/en/stories/ferry"), "story uk": site.url("news", "/uk/stories/tower")}
    return own | {name: site.url("tricks", path) for name, path in TRICKS.items()}


def capture_newsroom(root: Path) -> Archived:
    """All pages of `NAMES` into one collection, in one run, and the corrected article after that."""
    archiver = Program(root)
    with Newsroom() as site:
        pages = addresses(site)
        how = ("--engine", "browser", "--jobs", 3, "--host-jobs", 3, "--retries", 0, "--json")
        reach = ("--allow-private", "--ca-file", site.ca_file)
        first = archiver("capture", *pages.values(), *how, *reach)
        lines = {line["url"]: line for line in first.lines}
        site.correct()
        (corrected,) = archiver("capture", site.article, *how, *reach).lines
    return Archived(root, {name: lines[url] for name, url in pages.items()} | {CORRECTED: corrected})
