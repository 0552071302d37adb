"""One word on how a capture went, with the reasons, from the facts of the visit alone."""

from archiver.model import PageInfo, Verdict

GONE = frozenset({404, 410})
NAMED = 3
"""So many addresses are named in a reason; the others are counted."""


def judge(
    status: int | None, info: PageInfo, *, truncated: bool = False, empty: bool = False
) -> tuple[Verdict, list[str]]:
    """The verdict on a visit and its reasons in plain words; `ok` has none.

    `status` is the main document's HTTP status, None if the visit ended without one; `truncated` and `empty` say of
    its body that it was cut short, or has no byte. What the site itself refused to a part of the page (4xx, 5xx) is
    the page's own state and no fault of the capture.
    """
    if status is None:
        return _without_document(info)
    if (by_status := of_status(status))[0] != "ok":
        return by_status
    if empty:
        return "error", ["The page has no content."]
    reasons = [_sentence(reason) for reason in info.reasons]
    if truncated:
        reasons.insert(0, "The page itself was cut short.")
    if missing := [note.url for note in info.missing]:
        others = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        reasons.append(f"Served but not recorded: {', '.join(missing[:NAMED])}{others}.")
    return ("partial" if reasons else "ok"), reasons


def of_status(status: int) -> tuple[Verdict, list[str]]:
    """What the main document's HTTP status alone says, which is all that is known of a page captured by others."""
    if 200 <= status < 300:
        return "ok", []
    return "not-found" if status in GONE else "error", [f"The page answered {status}."]


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
