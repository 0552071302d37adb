"""Pages that show all they have only to those who scroll, press and open: `/behave/NAME` on `tricks` and `frames`.

Pictures of a page are at `/behave/NAME/PICTURE.svg`. `SHOWN` says which ones a capture must have asked for, whatever
the screen; what lies under `/behave/NAME/trap/` must not be asked for by anyone who does not mean it.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from newsroom.pages import TEMPLATES, site_of

LANGUAGES = {
    "uk": "Показати більше",
    "ru": "Показать ещё",
    "pl": "Pokaż więcej",
    "da": "Indlæse flere",
    "de": "Mehr anzeigen",
    "fr": "Afficher plus",
    "tr": "Daha fazla göster",
    "ar": "عرض المزيد",
    "zh": "加载更多评论",
}
"""Labels of the buttons on the page `more`."""

ITEMS = 40
"""Items of the feed that ends."""


def numbered(name: str, count: int) -> list[str]:
    """Names of that many pictures."""
    return [f"{name}{number}" for number in range(1, count + 1)]


SHOWN: dict[str, list[str]] = {
    "lazy": [
        *numbered("seen", 8),
        *numbered("native", 4),
        *numbered("ground", 4),
        *numbered("late", 2),
        *numbered("in", 5),
    ],
    "variants": [
        *(
            "small",
            "middle",
            "large",
            "plain",
            "dense",
            "tall",
            "wide",
            "fallback",
            "kept",
            "data-1",
            "data-2",
            "data-3",
        ),
        *(
            "silent",
            "silent-2",
            "poster",
            "early-1",
            "early-2",
            "phone",
            "desk",
            "once",
            "twice",
            "far-phone",
            "far-desk",
        ),
    ],
    "carousel": [*numbered("round", 5), *numbered("line", 4), *numbered("fade", 3)],
    "folded": [*numbered("details", 2), *numbered("tab", 3), *numbered("fold", 3)],
    "feed": numbered("item", ITEMS),
    "inner": numbered("item", ITEMS // 2),
    "more": [f"{language}{number}" for language in LANGUAGES for number in (1, 2, 3)],
    "shadows": [*numbered("open", 2), *numbered("closed", 2), *numbered("slot", 1)],
    "framed": [],
    "facade": ["still"],
    "player": ["frame"],
    "endless": [],
    "traps": [],
}
"""The pictures of each page."""


async def page(request: Request) -> Response:
    """A page of that name."""
    name = request.path_params["name"]
    if name not in SHOWN:
        raise HTTPException(404)
    site, scheme = site_of(request), request.url.scheme
    other = site.origin("frames", scheme) + "/behave"
    html = TEMPLATES.get_template(f"behaviours/{name}.html").render(
        here=f"/behave/{name}", other=other, languages=LANGUAGES, items=ITEMS
    )
    return HTMLResponse(html)


async def picture(request: Request) -> Response:
    """A small picture that is like no other."""
    name = request.path_params["picture"]
    text = f"{request.path_params['name']}: {name}"
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="180"><rect width="320" height="180" fill="teal"/>'
    )
    return Response(f'{svg}<text x="20" y="90" fill="white">{text}</text></svg>', media_type="image/svg+xml")


async def style(request: Request) -> Response:
    """Style sheets whose pictures depend on the screen; `far` is for other sites."""
    css = TEMPLATES.get_template("behaviours/screens.css").render(far=request.path_params["sheet"] == "far")
    return Response(css, media_type="text/css")


async def items(request: Request) -> Response:
    """Five items from `?from=`, with pictures; a feed that is not `endless` ends after `?of=`."""
    site = site_of(request)
    await site.pause(0.05)
    first, last = int(request.query_params["from"]), int(request.query_params["of"])
    label = request.query_params.get("label", "item")
    here = f"/behave/{request.path_params['name']}"
    numbers = range(first, min(first + int(request.query_params.get("step", "5")), last + 1))
    return HTMLResponse(
        "".join(
            f'<p>{label} {number}</p><img loading="lazy" width="320" height="180" src="{here}/{label}{number}.svg">'
            for number in numbers
        )
    )


async def trap(request: Request) -> Response:
    """Where nobody should have gone."""
    return PlainTextResponse("You should not be here.\n")


BEHAVIOURS = [
    Route("/behave/{name}", page),
    Route("/behave/{name}/items", items),
    Route("/behave/{name}/{picture}.svg", picture),
    Route("/behave/{name}/{sheet}.css", style),
    Route("/behave/{name}/trap/{rest:path}", trap, methods=["GET", "POST"]),
]
