"""yt-dlp, for films that only it can get; run as a process of its own, which may hang or crash as it likes.

It reaches the web through the visit's own tunnel alone, so that the same addresses are refused to it. (That is why it
is kept from ffmpeg, which would go its own way; sound and picture of a film that come apart are therefore kept apart.)
It reads no configuration, no plugins and no cookies.
"""

import asyncio
import mimetypes
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from archiver.model import Resource, now

AGENT = f"yt-dlp/{version('yt-dlp')}"
OPTIONS = (
    "--ignore-config",
    "--no-plugin-dirs",
    "--no-cache-dir",
    "--no-playlist",
    "--playlist-items=1",
    "--ffmpeg-location=/nonexistent",
    "--format=b/(bv,ba)",
    "--write-info-json",
    "--write-subs",
    "--sub-langs=all,-live_chat",
    "--restrict-filenames",
    "--output=%(format_id)s.%(ext)s",
    "--no-mtime",
    "--no-part",
    "--no-progress",
    "--socket-timeout=15",
    "--retries=2",
    "--fragment-retries=2",
    "--abort-on-unavailable-fragments",
    "--compat-options=no-certifi",
)
SUBTITLES = frozenset((".vtt", ".srt", ".ttml", ".ass", ".lrc", ".srv1", ".srv2", ".srv3", ".json3"))
LOG = "log.txt"
WATCH = 0.2
"""Seconds between two looks at how much there is."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How it may fetch."""

    port: int
    """Of the tunnel, a SOCKS5 proxy on loopback."""
    seconds: float
    bytes: int
    """Of all files together."""
    user_agent: str
    ca_file: Path | None = None


async def fetch(url: str, terms: Terms) -> tuple[list[Resource], str]:
    """The film that the page `url` shows, its description and subtitles; and why there is no film, or "".

    The bodies are files without a name, that are gone when they are closed.
    """
    with TemporaryDirectory(prefix="archiver-media-") as name:
        folder = Path(name)
        why = await _run(url, folder, terms)
        files = [] if why else sorted(path for path in folder.iterdir() if path.is_file() and path.name != LOG)
        films = [path for path in files if _part(path) == "film"]
        if not why and not films:
            why = f"it has no film of at most {terms.bytes >> 20} MiB"
        return [_resource(url, path, several=len(films) > 1) for path in files], why


async def _run(url: str, folder: Path, terms: Terms) -> str:
    """Run it in `folder`; gives why it failed, or ""."""
    most = ("--max-filesize", str(terms.bytes), "--proxy", f"socks5h://127.0.0.1:{terms.port}")
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"}
    if terms.ca_file:
        environment["SSL_CERT_FILE"] = str(terms.ca_file.absolute())
    with (folder / LOG).open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", "yt_dlp", *OPTIONS, *most, "--user-agent", terms.user_agent, "--", url),
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        why = await _watched(process, folder, terms)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return why or ("" if process.returncode == 0 else _complaint(folder / LOG, process.returncode))


async def _watched(process: asyncio.subprocess.Process, folder: Path, terms: Terms) -> str:
    """Wait for its end; gives which cap was hit before that, or ""."""
    clock = asyncio.get_running_loop().time
    end = clock() + terms.seconds
    while clock() < end:
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), WATCH)
            return ""
        if sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) > terms.bytes:
            return f"it is longer than {terms.bytes >> 20} MiB"
    return f"it did not come within {terms.seconds:.0f} s"


def _complaint(log: Path, code: int | None) -> str:
    """What it says went wrong, without its advice."""
    lines = log.read_text("utf-8", "replace").splitlines()
    said = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return f"yt-dlp says: {said[-1].partition('; please report')[0][:300]}" if said else f"yt-dlp ended with {code}"


def _part(path: Path) -> str:
    """`film`, `info`, or `subtitles.LANGUAGE`."""
    if path.name.endswith(".info.json"):
        return "info"
    return f"subtitles{Path(path.stem).suffix}" if path.suffix in SUBTITLES else "film"


def _resource(url: str, path: Path, *, several: bool) -> Resource:
    part = _part(path)
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Resource(
        "media",
        url,
        media_type,
        path.open("rb"),
        now(),
        part=f"film.{path.stem}" if several and part == "film" else part,
    )
