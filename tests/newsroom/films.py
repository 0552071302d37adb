"""Films as news sites serve them: whole, in pieces (HLS, DASH), embedded; and files that are no pages.

All pieces are cut from one fragmented film (`making/film.py`), at its `moof` boxes.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from newsroom.news import STATIC
from newsroom.pages import site_of

WHOLE = STATIC / "pump-house-pieces.mp4"
CODECS = "vp09.00.21.08"
SCALE, STEP, PIECES = 12_288, 24_576, 3
"""Units a second; units of a piece, which is two seconds; pieces."""
SIZES = {"small": 60_000, "large": 180_000}
"""The renditions and their bandwidths. (They are of the same pictures.)"""
KEY = bytes(range(16))
HLS, DASH, VTT = "application/vnd.apple.mpegurl", "application/dash+xml", "text/vtt"
SUBTITLES = "WEBVTT\n\n00:00.000 --> 00:05.000\nВода повернулась.\n"
PIECE = 1 << 20


@cache
def cut() -> list[tuple[int, bytes]]:
    """Offset and bytes of the film's head and of its pieces."""
    film, found, at = WHOLE.read_bytes(), [(0, b"")], 0
    while at < len(film):
        length, kind = struct.unpack_from(">I4s", film, at)
        if kind == b"moof":
            found.append((at, b""))
        if kind != b"mfra":
            start, before = found[-1]
            found[-1] = start, before + film[at : at + length]
        at += length
    return found


def encrypted(number: int) -> bytes:
    """A piece as AES-128 has it (RFC 8216 §4.3.2.4): the whole of it, with its number as the vector."""
    padder, cipher = PKCS7(128).padder(), Cipher(algorithms.AES(KEY), modes.CBC(number.to_bytes(16))).encryptor()
    return cipher.update(padder.update(cut()[number][1]) + padder.finalize()) + cipher.finalize()


def playlist(pieces: list[str], head: str, *more: str, ends: bool = True) -> str:
    """A media playlist of pieces of two seconds."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:2", "#EXT-X-MEDIA-SEQUENCE:1", head, *more]
    lines += [f"#EXTINF:2.0,\n{piece}" for piece in pieces]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ends else []), ""])


async def hls(request: Request) -> Response:
    """Playlists: the one that names the others, those of each rendition, and other manners of cutting."""
    name = request.path_params["name"]
    numbers = range(1, PIECES + 1)
    origin = site_of(request).origin("tricks", request.url.scheme)
    match name:
        case "all":
            lines = ["#EXTM3U", '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="uk",LANGUAGE="uk",URI="words.m3u8"']
            for size, bandwidth in SIZES.items():
                lines.append(f'#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},CODECS="{CODECS}",SUBTITLES="s"')
                lines.append(f"{origin}/films/{size}/pieces.m3u8" if size == "large" else f"/films/{size}/pieces.m3u8")
            text = "\n".join([*lines, ""])
        case "words":
            text = playlist(["words.vtt"], "")
        case "ranges":
            places = [f"#EXT-X-BYTERANGE:{len(piece)}@{at}\nwhole.mp4" for at, piece in cut()[1:]]
            text = playlist(places, f'#EXT-X-MAP:URI="whole.mp4",BYTERANGE="{len(cut()[0][1])}@0"')
        case "locked":
            key = '#EXT-X-KEY:METHOD=AES-128,URI="/films/key"'
            text = playlist([f"locked-{number}.m4s" for number in numbers], '#EXT-X-MAP:URI="large/head.mp4"', key)
        case "live":
            text = playlist(
                [f"large/{number}.m4s" for number in numbers], '#EXT-X-MAP:URI="large/head.mp4"', ends=False
            )
        case _:
            raise HTTPException(404)
    return Response(text, media_type=HLS)


async def rendition(request: Request) -> Response:
    """The playlist of one rendition."""
    pieces = [f"{number}.m4s" for number in range(1, PIECES + 1)]
    return Response(playlist(pieces, '#EXT-X-MAP:URI="head.mp4"'), media_type=HLS)


async def dash(request: Request) -> Response:
    """MPDs: `timeline`, whose pieces are named by time, and `list`."""
    name = request.path_params["name"]
    renditions = "".join(
        f'<Representation id="{size}" bandwidth="{bandwidth}" width="640" height="360">'
        + (_listed(size) if name == "list" else "")
        + "</Representation>"
        for size, bandwidth in SIZES.items()
    )
    times = f'<SegmentTimeline><S t="0" d="{STEP}" r="{PIECES - 1}"/></SegmentTimeline>'
    template = (
        f'<SegmentTemplate timescale="{SCALE}" initialization="$RepresentationID$/head.mp4"'
        f' media="$RepresentationID$/at-$Time$.m4s">{times}</SegmentTemplate>'
    )
    return Response(
        f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT6S">'
        f'<Period><AdaptationSet mimeType="video/mp4" codecs="{CODECS}">{template if name == "timeline" else ""}'
        f"{renditions}</AdaptationSet></Period></MPD>",
        media_type=DASH,
    )


def _listed(size: str) -> str:
    pieces = "".join(f'<SegmentURL media="{number}.m4s"/>' for number in range(1, PIECES + 1))
    head = '<Initialization sourceURL="head.mp4"/>'
    return f'<BaseURL>{size}/</BaseURL><SegmentList duration="2">{head}{pieces}</SegmentList>'


async def piece(request: Request) -> Response:
    """A piece of a rendition: its head, or by number or time."""
    name, stem = request.path_params["size"], request.path_params["stem"]
    if name not in SIZES:
        raise HTTPException(404)
    number = int(stem.removeprefix("at-")) // STEP + 1 if stem.startswith("at-") else int(stem)
    if not 1 <= number <= PIECES:
        raise HTTPException(404)
    return Response(cut()[number][1], media_type="video/iso.segment")


async def head(request: Request) -> Response:
    """What every rendition begins with."""
    return Response(cut()[0][1], media_type="video/mp4")


async def locked(request: Request) -> Response:
    """An encrypted piece."""
    return Response(encrypted(request.path_params["number"]), media_type="video/iso.segment")


async def key(request: Request) -> Response:
    """What opens the encrypted pieces."""
    return Response(KEY, media_type="application/octet-stream")


async def words(request: Request) -> Response:
    """Subtitles."""
    return Response(SUBTITLES, media_type=VTT)


async def whole(request: Request) -> Response:
    """The film in one file, with ranges. So are those of other names: `embedded.mp4`, `second.mp4` …"""
    return FileResponse(WHOLE, media_type="video/mp4")


async def sound(request: Request) -> Response:
    """Two seconds of a tone, as WAV, with a length but without ranges."""
    tone = bytes(128 + (60 if number // 20 % 2 else -60) for number in range(16_000))
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(tone), b"WAVE", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8, b"data", len(tone)
    )
    return Response(head + tone, media_type="audio/wav")


PAGES = {
    "native": '<video src="/films/all.m3u8" controls></video>',
    "ranges": '<video src="/films/ranges.m3u8" controls></video>',
    "locked": '<video src="/films/locked.m3u8" controls></video>',
    "live": '<video src="/films/live.m3u8" controls></video>',
    "script-hls": '<video data-film="/films/all.m3u8"></video><script src="/static/film-player.js"></script>',
    "script-dash": '<video data-film="/films/timeline.mpd"></video><script src="/static/film-player.js"></script>',
    "script-list": '<video data-film="/films/list.mpd"></video><script src="/static/film-player.js"></script>',
    "several": '<video src="/films/first.mp4" preload="none"></video><video><source src="/films/second.mp4"></video>'
    '<audio src="/films/tone.wav" preload="none" controls></audio>',
    "embedding": '<p>Outside.</p><iframe src="/films/player" width="640" height="360"></iframe>',
    "broken-embed": '<p>Outside.</p><iframe src="/films/player?broken" width="640" height="360"></iframe>',
    "long": '<p id="got">nothing</p><script>for (const path of ["/films/long", "/films/long-untold"]) fetch(path)'
    ".then(answer => answer.arrayBuffer()).then(body => { got.textContent += ` ${body.byteLength}`; })</script>",
}
"""Pages with a film, by what it is."""

PLAYER = """<!doctype html><meta charset="utf-8"><title>Player</title>
<meta property="og:video" content="{film}"><meta property="og:title" content="The pump house">
<button onclick="this.textContent = 'Not now'">Play</button>
<template><video><source src="{film}" type="video/mp4"><track kind="subtitles" srclang="uk" src="/films/words.vtt">
</video></template>"""


async def page(request: Request) -> Response:
    """A page of `PAGES`."""
    if (name := request.path_params["name"]) not in PAGES:
        raise HTTPException(404)
    return HTMLResponse(f'<!doctype html><meta charset="utf-8"><title>Film</title><h1>A film: {name}</h1>{PAGES[name]}')


async def player(request: Request) -> Response:
    """An embedded player that plays for no script: what it would play, its page only says."""
    film = "/films/hanging.mp4" if request.url.query else "/films/embedded.mp4"
    return HTMLResponse(PLAYER.format(film=site_of(request).origin("tricks", request.url.scheme) + film))


async def hanging(request: Request) -> Response:
    """A film that begins and never goes on."""
    site = site_of(request)

    async def pieces() -> AsyncIterator[bytes]:
        yield cut()[0][1]
        await site.pause(600)

    return StreamingResponse(pieces(), media_type="video/mp4", headers={"content-length": "1000000"})


async def long(request: Request) -> Response:
    """`?mb=` (30) megabytes; `long-untold`: of a length that is not told."""
    megabytes = int(request.query_params.get("mb", "30"))

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(megabytes):
            yield number.to_bytes(4) * (PIECE // 4)
            await asyncio.sleep(0)

    told = {} if request.url.path.endswith("untold") else {"content-length": str(megabytes * PIECE)}
    return StreamingResponse(pieces(), media_type="application/octet-stream", headers=told)


FILES = {
    "report.pdf": (
        "application/pdf",
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n",
    ),
    "notes.txt": ("text/plain; charset=utf-8", "Вода повернулась о шостій.\n".encode()),
    "data.json": ("application/json", b'{"pressure": 58}'),
    "feed.xml": (
        "application/rss+xml",
        b'<?xml version="1.0"?><rss version="2.0"><channel><title>Lantern</title></channel></rss>',
    ),
    "drawing.svg": (
        "image/svg+xml",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>',
    ),
    "table.zip": ("application/zip", b"PK\x05\x06" + bytes(18)),
}
"""Files that somebody may capture directly: media type and bytes."""


async def file(request: Request) -> Response:
    """A file of `FILES`, to be shown, or to be saved (`?save`)."""
    if (name := request.path_params["name"]) not in FILES:
        raise HTTPException(404)
    media_type, content = FILES[name]
    saved = {"content-disposition": f"attachment; filename={name}"} if "save" in request.query_params else {}
    return Response(content, headers={"content-type": media_type, **saved})


async def slow_report(request: Request) -> Response:
    """A PDF of `?mb=` (4) megabytes that takes `?seconds=` (6) to come."""
    megabytes, seconds = (int(request.query_params.get(name, value)) for name, value in (("mb", "4"), ("seconds", "6")))
    site = site_of(request)

    async def pieces() -> AsyncIterator[bytes]:
        yield FILES["report.pdf"][1].ljust(PIECE)
        for number in range(1, megabytes):
            await site.pause(seconds / megabytes)
            yield number.to_bytes(4) * (PIECE // 4)

    length = {"content-length": str(megabytes * PIECE)}
    return StreamingResponse(pieces(), media_type="application/pdf", headers=length)


FILM_ROUTES = [
    Route("/films/pages/{name}", page),
    Route("/films/player", player),
    Route("/films/key", key),
    Route("/films/long", long),
    Route("/films/long-untold", long),
    Route("/films/tone.wav", sound),
    Route("/films/hanging.mp4", hanging),
    Route("/films/{name}.vtt", words),
    Route("/films/{name}.m3u8", hls),
    Route("/films/{name}.mpd", dash),
    Route("/films/{size}/pieces.m3u8", rendition),
    Route("/films/{size}/head.mp4", head),
    Route("/films/{size}/{stem}.m4s", piece),
    Route("/films/locked-{number:int}.m4s", locked),
    Route("/films/{name}.mp4", whole),
    Route("/files/slow.pdf", slow_report),
    Route("/files/{name}", file),
]
