"""What is fetched beside a page that stands: its films whole, and by yt-dlp those that the page would not play."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from archiver.browser import BrowserError
from archiver.engines import ytdlp
from archiver.engines.browser.recording import Recording
from archiver.model import Resource

Mode = Literal["auto", "off", "all"]

MARGIN = 0.5
"""Seconds by which yt-dlp ends before the time for films does, so that it is known why."""
EMBEDS = 5
"""Frames of one page that yt-dlp is asked about."""
ASKING = 3.0
"""Seconds for a frame to say what it is."""
PLAYERS = re.compile(
    r"https?://(?:[\w-]+\.)*(?:"
    r"(?:youtube|youtube-nocookie)\.com/embed/|player\.vimeo\.com/video/|(?:geo\.)?dailymotion\.com/(?:embed|player)"
    r"|facebook\.com/plugins/video|tiktok\.com/(?:embed|player)|rumble\.com/embed/|odysee\.com/\$/embed"
    r"|streamable\.com/[eo]/|player\.twitch\.tv/|embed\.ted\.com/|players\.brightcove\.net/|jwplayer\.com/players/"
    r"|wistia\.(?:net|com)/embed/|ok\.ru/videoembed/|vk(?:video)?\.(?:com|ru)/video_ext|rutube\.ru/play/embed)"
)
"""Addresses of players that are embedded in pages everywhere."""
IS_PLAYER = """
  Boolean(document.querySelector("meta[property^='og:video'], meta[name='twitter:player:stream']"))
  || [...document.querySelectorAll("script[type='application/ld+json']")].some(one => /"VideoObject"/.test(one.text))
  || [...document.querySelectorAll("video")].some(
    one => one.currentSrc ? one.currentSrc.startsWith("blob:") : self !== top)
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which films, and on what terms yt-dlp may go for them."""

    mode: Mode = "auto"
    ca_file: Path | None = None


async def media(
    recording: Recording, wish: Wish, user_agent: str, put: Callable[[Resource], Awaitable[None]]
) -> tuple[str, ...]:
    """Fetch the films of a page that stands, at most for `media_seconds`; gives the software that took part.

    What could not be had is among the recording's reasons.
    """
    limits, clock = recording.limits, asyncio.get_running_loop().time
    agents: tuple[str, ...] = ()
    end = clock() + limits.media_seconds
    try:
        async with asyncio.timeout_at(end):
            await recording.streams.arrive()
            if wish.mode != "off":
                await recording.films.complete(recording, every=wish.mode == "all")
                embeds = await _embeds(recording, every=wish.mode == "all")
                for place, url in enumerate(embeds):
                    agents = (ytdlp.AGENT,)
                    seconds = (end - clock()) / (len(embeds) - place) - MARGIN
                    terms = ytdlp.Terms(recording.tunnel.port, seconds, limits.media_bytes, user_agent, wish.ca_file)
                    found, why = await ytdlp.fetch(url, terms)
                    if why:
                        recording.reasons[f"the film in {url} could not be fetched: {why}"] = None
                    for resource in found:
                        await put(resource)
    except TimeoutError:
        recording.reasons[f"its films were not all fetched within {limits.media_seconds:g} s"] = None
    except BrowserError as error:
        recording.reasons[f"its films could not all be fetched: {error}"] = None
    return agents


async def _embeds(recording: Recording, *, every: bool) -> list[str]:
    """Addresses of the frames that show a film of which nothing was recorded; of all frames, if asked."""
    tab = recording.tab
    try:
        told = await asyncio.wait_for(tab.session.send("Page.getFrameTree"), ASKING)
    except TimeoutError:
        return []  # the page hangs, and the visit has told so
    tree = told["frameTree"]
    frames = [frame for frame in _flat(tree) if frame["url"].startswith(("http:", "https:"))]
    inner = [frame for frame in frames if frame["id"] != tab.target_id]
    dark = [frame for frame in inner if every or await _is_dark(recording, frame)]
    if every or not (dark or recording.films.frames):
        dark += [frame for frame in frames[:1] if every or await _is_dark(recording, frame)]
    found = list(dict.fromkeys(frame["url"] for frame in dark))
    if len(found) > EMBEDS:
        recording.reasons[f"the page shows {len(found)} players; {EMBEDS} were asked for their films"] = None
    return found[:EMBEDS]


async def _is_dark(recording: Recording, frame: dict[str, Any]) -> bool:
    """Whether a frame is a player from which no film came."""
    if frame["id"] in recording.films.frames:
        return False
    if PLAYERS.match(frame["url"]):
        return True
    try:
        return bool(await asyncio.wait_for(recording.tab.evaluate(frame["id"], IS_PLAYER), ASKING))
    except (BrowserError, TimeoutError):
        return False


def _flat(tree: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [frame for branch in tree.get("childFrames", ()) for frame in _flat(branch)]
    return [tree["frame"], *inner]
