"""Which language a reader wants, and the switch that remembers it."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archiver.replay.login import is_local
from archiver.words import LANGUAGES, Language

COOKIE = "language"
"""A reader's choice; nothing else is in it."""
NAMES: dict[Language, str] = {"en": "English", "uk": "Українська"}
"""Each language in its own words."""
_YEAR = 365 * 24 * 3600


def language_of(request: Request) -> Language:
    """The reader's choice (`?lang=`, then the cookie), else the first language of the browser's list that we speak."""
    told = request.headers.get("accept-language", "")
    wishes = [request.query_params.get("lang", ""), request.cookies.get(COOKIE, ""), *_by_weight(told)]
    return next((language for wish in wishes for language in LANGUAGES if wish.lower().split("-")[0] == language), "en")


def here(request: Request) -> str:
    """The page that is asked for, to come back to in another language."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    asked = "&".join(f"{quote(name)}={quote(value)}" for name, value in query)
    return quote(request.url.path) + (f"?{asked}" if asked else "")


def routes() -> list[Route]:
    """`/-/language?to=uk&back=/path`."""

    async def switch(request: Request) -> Response:
        """Remember the language, and go back to the page; never to another site."""
        back = request.query_params.get("back", "/")
        response = RedirectResponse(back if is_local(back) else "/", 303, {"Cache-Control": "no-store"})
        if (to := request.query_params.get("to")) in LANGUAGES:
            secure = request.url.scheme == "https"
            response.set_cookie(COOKIE, to, _YEAR, samesite="lax", httponly=True, secure=secure)
        return response

    return [Route("/-/language", switch)]


def _by_weight(accepted: str) -> list[str]:
    """Language tags of Accept-Language (RFC 9110 §12.5.4), the most wanted first."""
    weighted = []
    for part in accepted[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighted, key=lambda one: one[0]) if weight < 0]
