"""Manifests of films that come in pieces: HLS playlists (RFC 8216) and DASH MPDs (ISO/IEC 23009-1), read.

What a replay needs of a film is one rendition of each kind, and that is the one which pywb leaves in a manifest when it
replays it: the one of the greatest bandwidth. Sounds and subtitles that are told apart by language are all needed.

Manifests are hostile input: nothing is fetched here, and what they name is counted as it is made.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal
from urllib.parse import urldefrag, urljoin, urlsplit

import m3u8
from lxml import etree

Kind = Literal["hls", "dash"]

LONGEST = 4 << 20
"""Bytes of a manifest; a longer one is not read."""
MOST = 20_000
"""Pieces that one manifest may name."""

_ROOT_OF_DASH = re.compile(rb"\s*(?:<\?[^>]*\?>\s*|<!--.*?-->\s*)*<(?:\w+:)?MPD[\s>]", re.S)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")
_BLANK = re.compile(r"\$(?:(RepresentationID|Number|Time|Bandwidth)(?:%0(\d{1,2})d)?)?\$")


@dataclass(slots=True)
class Wanted:
    """What a manifest names."""

    manifests: dict[str, None] = field(default_factory=dict)
    """URLs of further ones, in order."""
    parts: dict[str, None] = field(default_factory=dict)
    """URLs of segments, their heads and keys, in order. A file that is used in ranges stands here once."""
    left_out: set[str] = field(default_factory=set)
    """URLs of manifests of renditions that a replay will not play."""
    reasons: list[str] = field(default_factory=list)
    """Why it cannot be had whole, in plain words."""


def kind_of(head: bytes) -> Kind | None:
    """What the document is that begins so; None if it is no manifest."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.lstrip().startswith(b"#EXTM3U"):
        return "hls"
    return "dash" if _ROOT_OF_DASH.match(head) else None


def read(kind: Kind, content: bytes, url: str, *, every: bool = False) -> Wanted:
    """What a replay needs of the film whose manifest came from `url`; of `every` rendition if asked. Never fails."""
    wanted = Wanted()
    try:
        named = _hls(content, url, wanted, every) if kind == "hls" else _dash(content, url, wanted, every)
        for base, reference in islice(named, MOST):
            if address := _address(base, reference, wanted):
                wanted.parts[address] = None
        if next(named, None):
            wanted.reasons.append(f"the film {url} has more than {MOST} pieces")
    except Exception as error:  # noqa: BLE001  (whatever the parsers make of what strangers wrote)
        wanted.reasons.append(f"the manifest of the film {url} cannot be read ({type(error).__name__})")
    return wanted


def _address(base: str, reference: str, wanted: Wanted) -> str | None:
    """The absolute URL of something on the web; anything else is told and left alone."""
    try:
        address = urldefrag(urljoin(base, reference.strip())).url
        scheme, host = urlsplit(address).scheme, urlsplit(address).hostname
    except ValueError:
        scheme, host = "", None
    if scheme in ("http", "https") and host:
        return address
    if scheme != "data":
        reason = f"the manifest of the film {base} names what is not of the web: {reference[:200]}"
        if reason not in wanted.reasons and len(wanted.reasons) < 5:
            wanted.reasons.append(reason)
    return None


Named = Iterator[tuple[str, str]]
"""Base and reference of each piece."""


def _hls(content: bytes, url: str, wanted: Wanted, every: bool) -> Named:
    playlist = m3u8.loads(content.decode("utf-8-sig", "replace"), uri=url)
    variants = [one for one in playlist.playlists if one.uri]
    best = max(variants, key=lambda one: one.stream_info.bandwidth or 0, default=None)
    for one in variants:
        if address := _address(url, one.uri, wanted):
            (wanted.manifests if every or one is best else dict.fromkeys(())).setdefault(address)
            wanted.left_out.add(address)
    for group in playlist.media:
        if group.uri and (address := _address(url, group.uri, wanted)):
            wanted.manifests[address] = None
    wanted.left_out -= wanted.manifests.keys()
    if not variants and not playlist.is_endlist:
        wanted.reasons.append(f"the film {url} was still going on; of it, there is what had been shown lately")
    keys = [key.uri for key in (*playlist.keys, *playlist.session_keys) if key and key.uri]
    heads = [head.uri for head in playlist.segment_map if head.uri]
    pieces = (piece.uri for piece in playlist.segments if piece.uri)
    return ((url, reference) for group in (keys, heads, pieces) for reference in group)


def _dash(content: bytes, url: str, wanted: Wanted, every: bool) -> Named:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    film = etree.fromstring(content, parser)
    if film.get("type") == "dynamic":
        wanted.reasons.append(f"the film {url} was still going on; of it, there is what its manifest named")
    periods = _children(film, "Period")
    starts = [_seconds(period.get("start")) for period in periods]
    for number, period in enumerate(periods):
        following = starts[number + 1] if number + 1 < len(starts) else None
        end = following if following is not None else _seconds(film.get("mediaPresentationDuration"))
        length = _seconds(period.get("duration"))
        if length is None and end is not None:
            length = end - (starts[number] or 0)
        for group in _children(period, "AdaptationSet"):
            renditions = _children(group, "Representation")
            best = max(renditions, key=lambda one: int(one.get("bandwidth", 0)), default=None)
            for one in renditions:
                if every or one is best:
                    yield from _Rendition((film, period, group, one), url, length).pieces(wanted)


class _Rendition:
    """One Representation of an MPD, with what it inherits from the elements around it."""

    def __init__(self, line: tuple[Any, ...], url: str, seconds: float | None) -> None:
        self._line, self._url, self._seconds = line, url, seconds
        self._own = line[-1]
        self._base = url
        for element in line:
            for base in _children(element, "BaseURL")[:1]:
                self._base = urljoin(self._base, (base.text or "").strip())

    def pieces(self, wanted: Wanted) -> Named:
        """Base and reference of each of its pieces (ISO/IEC 23009-1 §5.3.9)."""
        for name in ("SegmentTemplate", "SegmentList", "SegmentBase"):
            if levels := [found for element in self._line for found in _children(element, name)[:1]]:
                break
        told = {key: value for level in levels for key, value in level.attrib.items()}
        inner = {_name(child): level for level in levels for child in level}
        for name in ("Initialization", "RepresentationIndex"):
            for element in _children(inner[name], name)[:1] if name in inner else ():
                yield self._base, element.get("sourceURL", "")
        if "media" in told or "initialization" in told:
            yield from self._of_template(told, inner.get("SegmentTimeline"), wanted)
        elif "SegmentURL" in inner:
            for element in _children(inner["SegmentURL"], "SegmentURL"):
                yield self._base, element.get("media", "")
        elif self._base != self._url:
            yield self._base, ""

    def _of_template(self, told: dict[str, str], timed: Any, wanted: Wanted) -> Named:
        if "initialization" in told:
            yield self._base, self._filled(told["initialization"])
        if "media" not in told:
            return
        scale, number = int(told.get("timescale", 1)), int(told.get("startNumber", 1))
        if timed is not None:
            times = self._times(_children(timed, "SegmentTimeline")[0], scale)
            for offset, time in enumerate(times):
                yield self._base, self._filled(told["media"], number + offset, time)
        elif self._seconds is not None and int(told.get("duration", 0)) > 0:
            step = int(told["duration"])
            for offset in range(math.ceil(self._seconds * scale / step)):
                yield self._base, self._filled(told["media"], number + offset, offset * step)
        else:
            wanted.reasons.append(f"the manifest of the film {self._url} does not tell how many pieces it has")

    def _times(self, timeline: Any, scale: int) -> Iterator[int]:
        """When each segment begins, in units of the time scale."""
        runs = _children(timeline, "S")
        time = 0
        for place, run in enumerate(runs):
            time = int(run.get("t", time))
            step, again = int(run.get("d")), int(run.get("r", 0))
            if again < 0:  # until the next one, or the end
                following = runs[place + 1].get("t") if place + 1 < len(runs) else None
                end = int(following) if following else int((self._seconds or 0) * scale)
                again = math.ceil((end - time) / max(step, 1)) - 1
            for _ in range(again + 1):
                yield time
                time += step

    def _filled(self, template: str, number: int = 0, time: int = 0) -> str:
        values = {"RepresentationID": self._own.get("id", ""), "Bandwidth": self._own.get("bandwidth", "")}
        values |= {"Number": str(number), "Time": str(time)}
        return _BLANK.sub(lambda blank: values[blank[1]].zfill(int(blank[2] or 0)) if blank[1] else "$", template)


def _name(element: Any) -> str:
    return str(etree.QName(element).localname)


def _children(element: Any, name: str) -> list[Any]:
    return [child for child in element if _name(child) == name]


def _seconds(duration: str | None) -> float | None:
    """Of an xs:duration in days and less; None if it is none."""
    found = _DURATION.fullmatch((duration or "").strip())
    if not found or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
