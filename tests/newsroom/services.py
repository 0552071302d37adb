"""What the other origins answer: pictures and styles, the film, JSON, the foreign frame."""

import asyncio
import hashlib
import json

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, Router

from newsroom import consent, pictures
from newsroom.editions import edition
from newsroom.news import FILES, GZIP, STATIC
from newsroom.pages import in_pieces, paper_of, render, site_of
from newsroom.scenes import SCENES

KINDS = {"jpg": "image/jpeg", "webp": "image/webp", "png": "image/png"}
WIDTHS = (320, 480, 800, 1200)
PRESSURE = ((21, 100), (22, 81), (23, 58), (0, 34), (1, 19), (2, 27), (3, 44), (4, 58), (5, 67), (6, 75))
"""Hour and per cent, as the tower's gauge wrote them down."""

CORS = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST"], allow_headers=["content-type"])


async def film(request: Request) -> Response:
    """The video, with ranges."""
    return FileResponse(STATIC / "pump-house.mp4")


async def picture(request: Request) -> Response:
    """A scene as `NAME-WIDTH.KIND`; 404 for an unknown one."""
    name, width, kind = (request.path_params[key] for key in ("scene", "width", "kind"))
    if name not in SCENES or width not in WIDTHS or kind not in KINDS:
        raise HTTPException(404)
    content = await asyncio.to_thread(pictures.picture, name, width, kind)
    return Response(content, media_type=KINDS[kind], headers={"cache-control": "max-age=3600"})


async def portrait(request: Request) -> Response:
    """A drawn portrait."""
    return Response(await asyncio.to_thread(pictures.portrait, request.path_params["slug"]), media_type="image/png")


async def logo(request: Request) -> Response:
    """The lantern, large."""
    return Response(pictures.encoded(pictures.icon(192), "png"), media_type="image/png")


async def moved_picture(request: Request) -> Response:
    """302, then 301, then a picture."""
    if request.url.path == "/latest/river.jpg":
        return RedirectResponse("/2026/river.jpg", 302)
    return RedirectResponse("/pictures/ferry-480.jpg", 301)


async def poster(request: Request) -> Response:
    """The film's thumbnail."""
    content = await asyncio.to_thread(pictures.picture, "pump-house", 800, "jpg")
    return Response(content, media_type="image/jpeg")


async def membership(request: Request) -> Response:
    """The number for the banner."""
    return JSONResponse({"members": site_of(request).members, "goal": 3000}, headers={"cache-control": "no-store"})


async def pressure(request: Request) -> Response:
    """The measurements of the chart."""
    return JSONResponse([{"hour": hour, "percent": percent} for hour, percent in PRESSURE])


async def reading_speed(request: Request) -> Response:
    """What the counting worker asks for."""
    return JSONResponse({"wordsPerMinute": 150})


async def comments(request: Request) -> Response:
    """The readers' comments for a JSON body `{"language": …, "article": …}`; 400 for another body."""
    try:
        asked = await request.json()
        paper = edition(asked["language"])
    except (ValueError, KeyError, TypeError):
        raise HTTPException(400) from None
    written = [
        {"name": comment["name"], "day": paper.day(comment["at"]), "text": comment["text"]}
        for comment in paper.comments
    ]
    return JSONResponse({"article": asked.get("article"), "comments": written})


async def position(request: Request) -> Response:
    """A receipt for any body: its length and digest."""
    body = await request.body()
    return JSONResponse({"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()})


async def beacon(request: Request) -> Response:
    """Takes what sendBeacon brings."""
    await request.body()
    return Response(status_code=204)


async def feed(request: Request) -> Response:
    """A page of the feed, chunked; `next` is null on the last one."""
    paper, number = paper_of(request), request.path_params["number"]
    stories = paper.feed_page(number)
    if not stories or number < 1:
        raise HTTPException(404)
    following = f"/feed/{paper.language}/{number + 1}.json" if paper.feed_page(number + 1) else None
    items = [
        {
            "url": f"{site_of(request).origin('news', request.url.scheme)}/{paper.language}/stories/{story.slug}",
            "picture": f"{site_of(request).origin('cdn', request.url.scheme)}/pictures/{story.scene}-480.jpg",
            "section": story.section,
            "title": story.title,
            "published": story.published.isoformat(),
            "day": paper.day(story.published),
            "text": story.text[0],
        }
        for story in stories
    ]
    text = json.dumps({"items": items, "next": following}, ensure_ascii=False)
    return StreamingResponse(in_pieces(text, 512), media_type="application/json")


async def area_map(request: Request) -> Response:
    """The cross-site frame."""
    return HTMLResponse(render("map.html", request, paper_of(request)))


CDN = Router(
    [
        Mount("/static", FILES),
        Route("/pictures/{scene}-{width:int}.{kind}", picture),
        Route("/portraits/{slug}.png", portrait),
        Route("/icon-192.png", logo),
        Route("/latest/river.jpg", moved_picture),
        Route("/2026/river.jpg", moved_picture),
    ],
    middleware=[CORS, GZIP],
)
VIDEO = Router([Route("/pump-house.jpg", poster), Route("/pump-house.mp4", film)])
API = Router(
    [
        Route("/membership.json", membership),
        Route("/pressure.json", pressure),
        Route("/reading-speed.json", reading_speed),
        Route("/feed/{language}/{number:int}.json", feed),
        Route("/comments", comments, methods=["POST"]),
        Route("/position", position, methods=["POST"]),
        Route("/beacon", beacon, methods=["POST"]),
    ],
    middleware=[CORS, GZIP],
)
FRAMES = Router(
    [*consent.FRAME_ROUTES, Route("/{language}/map", area_map), Mount("/static", FILES)],
    middleware=[GZIP],
)
