"""HTML: templates filled with an edition, and the data about an article that machines read."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsroom.editions import LANGUAGES, Edition, edition
from newsroom.site import Site

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def site_of(request: Request) -> Site:
    """The newsroom that this request came to."""
    site: Site = request.app.state.site
    return site


def paper_of(request: Request) -> Edition:
    """The edition that the path names; 404 for a language we do not print."""
    try:
        return edition(request.path_params["language"])
    except KeyError:
        raise HTTPException(404) from None


async def in_pieces(text: str, size: int = 4096) -> AsyncIterator[bytes]:
    """`text` as a stream, so that HTTP/1.1 sends it chunked."""
    data = text.encode()
    for start in range(0, len(data), size):
        yield data[start : start + size]
        await asyncio.sleep(0)


def render(template: str, request: Request, paper: Edition, **values: Any) -> str:
    """`template` for a reader of `paper`; all origins have the scheme by which the page was asked for."""
    site, scheme = site_of(request), request.url.scheme
    other = edition(next(language for language in LANGUAGES if language != paper.language))
    return TEMPLATES.get_template(template).render(
        paper=paper,
        other=other,
        site=site,
        words=paper.words,
        scheme=scheme,
        **{host: site.origin(host, scheme) for host in ("news", "cdn", "video", "api", "frames")},
        **values,
    )


def article_page(request: Request, paper: Edition) -> str:
    """The article of `paper`, with its correction if that is out."""
    site = site_of(request)
    return render(
        "article.html",
        request,
        paper,
        article=paper.article,
        headline=site.headline(paper),
        modified=site.modified(paper),
        correction=site.correction(paper),
        canonical=site.article_url(paper),
        about=news_article(site, paper),
    )


def news_article(site: Site, paper: Edition) -> dict[str, Any]:
    """The article as schema.org NewsArticle, for JSON-LD."""
    article, author, canonical = paper.article, paper.author, site.article_url(paper)
    news, cdn = site.origin("news"), site.origin("cdn")
    about: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": f"{canonical}#article",
        "mainEntityOfPage": canonical,
        "headline": site.headline(paper),
        "description": article["description"],
        "articleSection": article["section"],
        "keywords": article["keywords"],
        "inLanguage": paper.language,
        "isAccessibleForFree": True,
        "datePublished": article["published"].isoformat(),
        "dateModified": site.modified(paper).isoformat(),
        "image": [f"{cdn}/pictures/{article['scene']}-1200.jpg"],
        "author": {
            "@type": "Person",
            "name": author["name"],
            "jobTitle": author["role"],
            "url": f"{news}/{paper.language}/authors/{author['slug']}",
        },
        "publisher": {
            "@type": "NewsMediaOrganization",
            "name": paper.site["name"],
            "url": f"{news}/{paper.language}/",
            "logo": {"@type": "ImageObject", "url": f"{cdn}/icon-192.png"},
        },
        "video": {
            "@type": "VideoObject",
            "name": paper.words["video"],
            "description": next(part["caption"] for part in article["parts"] if part["kind"] == "video"),
            "contentUrl": f"{site.origin('video')}/pump-house.mp4",
            "thumbnailUrl": f"{site.origin('video')}/pump-house.jpg",
            "uploadDate": article["published"].isoformat(),
            "duration": "PT6S",
        },
    }
    if correction := site.correction(paper):
        about["correction"] = {
            "@type": "CorrectionComment",
            "text": correction["note"],
            "datePublished": correction["at"].isoformat(),
        }
    return about
