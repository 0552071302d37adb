"""Pages that stand where an article should, and articles that look a little like them, each with its true verdict.

`PAGES` is the table that captures are compared with; the pages themselves are in `content/walls.toml`.
"""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

CONTENT = tomllib.loads((Path(__file__).parent / "content" / "walls.toml").read_text("utf-8"))
STORIES: dict[str, list[str]] = CONTENT["stories"]

FRAME = {
    "captcha-delivery.com/captcha/": "<h1>Vérification de sécurité</h1><p>Faites glisser la pièce.</p>",
    "consent": "<h1>Le respect de votre vie privée</h1><p>Nous et nos partenaires utilisons des cookies.</p>",
}


@dataclass(frozen=True)
class Page:
    """A page of the table."""

    path: str
    word: str
    """The verdict on it as a browser shows it."""
    what: str
    """The technique and the language."""
    http: str = ""
    """The verdict on its HTML alone, where that tells something else."""
    lang: str = "en"
    title: str = ""
    html: str = ""
    status: int = 200
    to: str = ""
    """Where it redirects to."""

    def expected(self, engine: str) -> str:
        """The verdict by an engine."""
        return self.http or self.word if engine == "http" else self.word


PAGES = {page.path: page for page in (Page(**values) for values in CONTENT["page"])}
SHELL = """<!doctype html>
<html lang="{{ page.lang }}"><head><meta charset="utf-8"><title>{{ page.title }}</title></head>
<body>{{ body }}</body></html>"""


def text(language: str, paragraphs: int) -> str:
    """The beginning of the story, as plain text."""
    return "\n".join(STORIES[language][:paragraphs])


def story(language: str, paragraphs: int) -> str:
    """The same as HTML."""
    return "\n".join(f"<p>{paragraph}</p>" for paragraph in STORIES[language][:paragraphs])


def about(words: int, free: bool, body: str = "") -> str:
    """JSON-LD of an article with so many words, or with its text."""
    told = {"articleBody": body} if body else {"wordCount": words}
    data = {"@context": "https://schema.org", "@type": "NewsArticle", "isAccessibleForFree": free, **told}
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


TEMPLATES = Environment(undefined=StrictUndefined, autoescape=False)
TEMPLATES.globals |= {"text": text, "story": story, "about": about}


async def wall(request: Request) -> Response:
    """A page of the table."""
    page = PAGES.get(request.path_params["path"])
    if page is None:
        return PlainTextResponse("no such wall", 404)
    if page.to:
        return RedirectResponse(page.to, 302)
    if not page.html:
        return HTMLResponse("", page.status)
    body = TEMPLATES.from_string(page.html).render()
    return HTMLResponse(TEMPLATES.from_string(SHELL).render(page=page, body=body), page.status)


async def frame(request: Request) -> Response:
    """What stands in a frame of some page of the table, or what its scripts are."""
    path = request.path_params["path"]
    if path.endswith(".js"):
        return Response("", media_type="text/javascript")
    return HTMLResponse(
        f"<!doctype html><title></title>{FRAME[path]}" if path in FRAME else "", 200 if path in FRAME else 404
    )


async def front(request: Request) -> Response:
    """A front page with something to read."""
    teasers = "".join(f"<article><h2>{one.title}</h2></article>" for one in PAGES.values() if one.word == "ok")
    return HTMLResponse(f"<!doctype html><title>The Lantern</title><h1>The Lantern</h1>{teasers}{story('en', 4)}")


async def slow(request: Request) -> Response:
    """A story whose picture does not come."""
    return HTMLResponse(f"<!doctype html><title>The bridge</title><img src='/slow?seconds=60'>{story('en', 4)}")


async def same(request: Request) -> Response:
    """One text at every address, which says nothing that gives it away."""
    return HTMLResponse(f"<!doctype html><title>The Lantern</title><h1>A word from us</h1>{story('en', 2)}")


WALLS = [
    Route("/", front),
    Route("/walls/frames/{path:path}", frame),
    Route("/walls/slow", slow),
    Route("/walls/same/{name}", same),
    Route("/walls/{path:path}", wall),
]
