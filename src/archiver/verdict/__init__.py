"""One word on how a capture went, with the reasons.

The word is the first of these that holds:

1. `offline`, `error`: no document came.
2. The status: 401 and 407 `login`, 402 `paywall`, 404 and 410 `not-found`, 403, 429 and 451 `blocked`; any other that
   is no success `blocked` if the page bears the marks of a challenge, else `error`.
3. `error`: the document is empty.
4. `rules.RULES`, in their order: what stands in the page's place or in its way.
5. `partial`: something served was not recorded, or a limit was reached.
6. `ok`.
"""

from archiver.model import PageFacts, PageInfo, Verdict
from archiver.verdict.facts import count_words, page_facts
from archiver.verdict.rules import REPEATED, RULES, Sight

__all__ = ["REPEATED", "count_words", "judge", "of_document", "page_facts"]

BY_STATUS: dict[int, Verdict] = {
    401: "login",
    402: "paywall",
    403: "blocked",
    404: "not-found",
    407: "login",
    410: "not-found",
    429: "blocked",
    451: "blocked",
}
NAMED = 3
"""So many addresses are named in a reason; the others are counted."""


def judge(
    status: int | None,
    info: PageInfo,
    *,
    truncated: bool = False,
    empty: bool = False,
    facts: PageFacts | None = None,
    repeated: int = 0,
) -> tuple[Verdict, list[str]]:
    """The verdict on a visit and its reasons in plain words; `ok` has none.

    `status` is the main document's HTTP status, None if the visit ended without one; `truncated` and `empty` say of
    its body that it was cut short, or has no byte; `facts` are those of the page (the engine's by default), and
    `repeated` is the number of other pages of the host that had its text. What the site itself refused to a part of
    the page (4xx, 5xx) is the page's own state and no fault of the capture.
    """
    if status is None:
        return _without_document(info)
    facts = facts or info.facts
    reasons = [_sentence(reason) for reason in info.reasons]
    if truncated:
        reasons.insert(0, "The page itself was cut short.")
    if missing := [note.url for note in info.missing]:
        others = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        reasons.append(f"Served but not recorded: {', '.join(missing[:NAMED])}{others}.")
    word, why = of_document(status, facts, info.url, info.final_url, repeated=repeated, empty=empty)
    if word == "ok":
        return ("partial" if reasons else "ok"), reasons
    return word, [*why, *(reasons if 200 <= status < 300 and not empty else ())]


def of_document(
    status: int, facts: PageFacts | None, asked: str, came: str, *, repeated: int = 0, empty: bool = False
) -> tuple[Verdict, list[str]]:
    """What the document alone says, which is all that is known of a page captured by others."""
    if not 200 <= status < 300:
        challenged = bool(facts and facts.challenges)
        word = BY_STATUS.get(status) or ("blocked" if challenged else "error")
        by = f", with a page of {' and '.join(facts.challenges)}" if facts and challenged else ""
        return word, [f"The page answered {status}{by}."]
    if empty:
        return "error", ["The page has no content."]
    if facts:
        page = Sight(facts, asked, came, repeated)
        for name, rule in RULES:
            if reason := rule(page):
                return name, [reason]
    return "ok", []


def _without_document(info: PageInfo) -> tuple[Verdict, list[str]]:
    """`error` if the site answered where the navigation ended (with redirects only), `offline` if it did not."""
    reasons = [_sentence(reason) for reason in info.reasons]
    if any(note.url == info.final_url and note.status is not None for note in info.requests):
        return "error", reasons or ["The site answered, but with no document."]
    return "offline", reasons or [f"No answer came from {info.final_url}."]


def _sentence(reason: str) -> str:
    """The reason with a capital, where it does not begin with an address, and a full stop."""
    text = reason.rstrip(".")
    return (text if "://" in text.partition(" ")[0] else text[:1].upper() + text[1:]) + "."
