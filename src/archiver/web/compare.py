"""Two captures beside each other: what changed in the text, in what is said of the article, and in how it looked."""

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archiver.catalogue.difference import Change, Difference, compare
from archiver.catalogue.paragraphs import Paragraph, Piece, flat, paragraphs
from archiver.collection.layout import COLLECTION_NAME, is_capture_id
from archiver.sidecar import Assertion
from archiver.web import cards
from archiver.web.properties import METHODS, NAMES, told
from archiver.web.site import Site

SHORT = 60
"""Characters of words that can stand in a sentence about them."""
STOPS = " .,:;!?…"
IN_WORDS = ("headline", "alternativeHeadline", "description")
"""Values that are sentences, whose words are compared."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two captures, the older one first, and what changed between them."""

    before: cards.Article
    after: cards.Article
    found: Difference
    elsewhere: list[cards.Card]
    """Captures of the page in other collections."""

    @property
    def address(self) -> str:
        """Of this page."""
        before, after = self.before.card, self.after.card
        return f"{before.path}/compare/{after.seen_from(before.collection)}"

    @property
    def is_one_page(self) -> bool:
        """Whether both are captures of the same page."""
        return self.before.card.row.final_url == self.after.card.row.final_url

    @property
    def runs(self) -> list[tuple[bool, list[Paragraph]]]:
        """The paragraphs in order, those that stayed (True) and those that did not by turns."""
        return [(same, list(run)) for same, run in groupby(self.found.paragraphs, lambda one: one.kind == "same")]

    @property
    def became(self) -> tuple[str, str] | None:
        """The first words that were put in the place of others, if they are few."""
        for one in self.found.paragraphs:
            for old, new in pairwise(one.pieces):
                words = [piece.text.strip(STOPS) for piece in (old, new)]
                if (old.kind, new.kind) == ("removed", "added") and all(0 < len(one) <= SHORT for one in words):
                    return words[0], words[1]
        return None

    @property
    def lines(self) -> list[tuple[Change, list[Piece], tuple[list[Assertion], list[Assertion]]]]:
        """What is said otherwise: the words of it where it is a sentence, and who says so before and after."""
        return [(one, _words(one), self.found.sources(one)) for one in self.found.changes]

    @property
    def others(self) -> list[cards.Card]:
        """What can be compared instead: captures of both pages, newest first."""
        known = [*self.before.versions, *self.after.versions, *self.elsewhere]
        every = {(card.collection, card.row.id): card for card in known}
        return sorted(every.values(), key=lambda card: (card.row.captured_at, card.row.id), reverse=True)

    @property
    def pictures(self) -> list[str]:
        """The addresses of both screenshots; none where one of the two has none."""
        sides = self.before, self.after
        both = all(side.record("fullPage") or side.record("view") for side in sides)
        return [f"{side.card.path}/screenshot?full=1" for side in sides] if both else []


def _words(change: Change) -> list[Piece]:
    sentences = change.name in IN_WORDS and isinstance(change.before, str) and isinstance(change.after, str)
    return list(flat(paragraphs(change.before, change.after))) if sentences else []


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}/compare/{other}`, and where its form leads."""

    def load(*places: tuple[str, str]) -> Comparison:
        sides = [cards.article(site.root, site.reader, name, capture, site.replay) for name, capture in places]
        before, after = sorted(sides, key=lambda side: (side.card.row.captured_at, side.card.row.id))
        found = compare((before.collection, before.sidecar), (after.collection, after.sidecar))
        return Comparison(before, after, found, cards.elsewhere(site, after.card))

    async def comparison(request: Request) -> Response:
        """The older one first, in whatever order the address names them. `?view=one`: both texts in one."""
        name, capture, other = (request.path_params[part] for part in ("name", "capture", "other"))
        shown = await run_in_threadpool(load, (name, capture), cards.place_of(other, name))
        in_one = request.query_params.get("view") == "one"
        values: dict[str, Any] = {"names": NAMES, "methods": METHODS, "told": told, "in_one": in_one}
        return await run_in_threadpool(site.render, request, "compare.html", shown=shown, **values)

    async def choice(request: Request) -> Response:
        """From the form's two fields to the address of the comparison."""
        asked = (request.query_params.get(side, "") for side in ("before", "after"))
        places = [cards.place_of(one, request.path_params["name"]) for one in asked]
        if not all(COLLECTION_NAME.match(name) and is_capture_id(capture) for name, capture in places):
            raise HTTPException(404)
        (name, before), (other, after) = places
        view = "?view=one" if request.query_params.get("view") == "one" else ""
        there = after if other == name else f"{other}~{after}"
        return RedirectResponse(f"/{name}/{before}/compare/{there}{view}", 303)

    return [Route("/{name}/compare", choice), Route("/{name}/{capture}/compare/{other}", comparison)]
