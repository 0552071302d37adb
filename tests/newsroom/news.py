"""What the origin `news` answers: pages, the cookie and its picture, redirects, the correction."""

import asyncio
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles

from newsroom import pictures
from newsroom.editions import LANGUAGES, edition
from newsroom.pages import article_page, in_pieces, paper_of, render, site_of

STATIC = Path(__file__).parent / "static"
COOKIE = "reader_ticket"
GZIP = Middleware(GZipMiddleware)
FILES = StaticFiles(directory=STATIC)


async def article(request: Request) -> Response:
    """An article; sets the cookie that the plan of the pipes asks for."""
    paper = next(edition(name) for name in LANGUAGES if edition(name).article["slug"] == request.url.path)
    response = StreamingResponse(in_pieces(article_page(request, paper)), media_type="text/html")
    response.headers["cache-control"] = "no-cache"
    response.set_cookie(COOKIE, "row-4-seat-11", path="/", samesite="lax")
    response.set_cookie("edition", paper.language, path="/", samesite="lax")
    return response


async def front(request: Request) -> Response:
    """The front page."""
    paper = paper_of(request)
    return HTMLResponse(
        render("front.html", request, paper, headline=site_of(request).headline(paper), stories=paper.stories)
    )


async def section(request: Request) -> Response:
    """The stories of one section; 404 for a number that has none."""
    paper, number = paper_of(request), request.path_params["number"]
    if not 1 <= number <= len(paper.words["sections"]):
        raise HTTPException(404)
    name = paper.words["sections"][number - 1]
    stories = [story for story in paper.stories if story.section == name]
    headline = site_of(request).headline(paper)
    return HTMLResponse(render("front.html", request, paper, headline=headline, current=name, stories=stories))


async def story(request: Request) -> Response:
    """A short story."""
    paper = paper_of(request)
    try:
        found = paper.story(request.path_params["slug"])
    except KeyError:
        raise HTTPException(404) from None
    return HTMLResponse(render("story.html", request, paper, story=found))


async def author(request: Request) -> Response:
    """The page behind "Read more"."""
    paper = paper_of(request)
    return HTMLResponse(render("author.html", request, paper, headline=site_of(request).headline(paper)))


async def hours(request: Request) -> Response:
    """The same-origin frame: the night hour by hour."""
    return HTMLResponse(render("hours.html", request, paper_of(request)))


async def offline(request: Request) -> Response:
    """What the service worker keeps."""
    return PlainTextResponse(edition("en").words["offline"] + "\n" + edition("uk").words["offline"] + "\n")


async def short_link(request: Request) -> Response:
    """302 to the old address of the English article, which is 301 to the present one."""
    if request.url.path == "/go/water":
        return RedirectResponse("/2026/03/water", 302)
    return RedirectResponse(edition("en").article["slug"], 301)


async def member_plan(request: Request) -> Response:
    """A picture for those who bring the article's cookie; 403 for others."""
    if request.cookies.get(COOKIE) != "row-4-seat-11":
        return PlainTextResponse("This plan is for readers with a ticket.\n", 403)
    content = await asyncio.to_thread(pictures.plan, 800)
    return Response(content, media_type="image/png", headers={"cache-control": "private"})


async def correct(request: Request) -> Response:
    """Publish the corrected English article (`Newsroom.correct` over HTTP, for the demo)."""
    site = site_of(request)
    site.corrected = True
    paper = edition("en")
    return JSONResponse({"headline": site.headline(paper), "dateModified": site.modified(paper).isoformat()})


async def favicon(request: Request) -> Response:
    """The icon of the tab."""
    return Response(pictures.favicon(), media_type="image/vnd.microsoft.icon")


async def service_worker(request: Request) -> Response:
    """The service worker, at the root because its scope is the whole origin."""
    return FileResponse(STATIC / "sw.js")


async def to_front(request: Request) -> Response:
    """The bare origin leads to the English front page."""
    return RedirectResponse("/en/", 302)


NEWS = Router(
    [
        Route("/", to_front),
        *(Route(edition(language).article["slug"], article) for language in LANGUAGES),
        Route("/{language}/", front),
        Route("/{language}/sections/{number:int}", section),
        Route("/{language}/stories/{slug}", story),
        Route("/{language}/authors/{slug}", author),
        Route("/{language}/hours", hours),
        Route("/offline", offline),
        Route("/go/water", short_link),
        Route("/2026/03/water", short_link),
        Route("/members/plan.png", member_plan),
        Route("/favicon.ico", favicon),
        Route("/sw.js", service_worker),
        Mount("/static", FILES),
        Route("/_admin/correct", correct, methods=["POST"]),
    ],
    middleware=[GZIP],
)
