"""One word on how a capture went."""

from datetime import UTC, datetime
from itertools import product

import pytest

from archiver.model import PageInfo, RequestNote
from archiver.verdict import judge

URL = "https://news.example/article"
AT = datetime(2026, 11, 22, 14, 1, 12, tzinfo=UTC)


def note(url, status, *, recorded=True, served=True):
    return RequestNote(url, "GET", status, "document", "2026-11-22T14:01:12Z", 0.1, recorded, served=served)


MAIN = note(URL, 200)
PICTURE = "https://news.example/picture.jpg"
THRICE = ", ".join([PICTURE] * 3)
LOST = note(PICTURE, 200, recorded=False)
ABSENT = note(PICTURE, 404)
UNREACHED = note(PICTURE, None, recorded=False, served=False)


def visit(*requests, reasons=(), final_url=URL):
    return PageInfo(URL, final_url, AT, AT, "http", "entity", "test", (), requests, reasons)


CASES = [
    # status, requests, reasons, truncated, empty -> verdict, reasons
    (200, [MAIN], [], False, False, "ok", []),
    (203, [MAIN], [], False, False, "ok", []),
    (200, [MAIN, ABSENT, UNREACHED], [], False, False, "ok", []),
    (200, [MAIN, LOST], [], False, False, "partial", [f"Served but not recorded: {PICTURE}."]),
    (200, [MAIN, *[LOST] * 5], [], False, False, "partial", [f"Served but not recorded: {THRICE} and 2 more."]),
    (200, [MAIN], ["the time is over"], False, False, "partial", ["The time is over."]),
    (200, [MAIN], [f"{PICTURE} was cut"], False, False, "partial", [f"{PICTURE} was cut."]),
    (200, [MAIN], [], True, False, "partial", ["The page itself was cut short."]),
    (200, [MAIN], ["a limit."], True, False, "partial", ["The page itself was cut short.", "A limit."]),
    (200, [MAIN], [], False, True, "error", ["The page has no content."]),
    (204, [MAIN], [], False, True, "error", ["The page has no content."]),
    (404, [MAIN], [], False, False, "not-found", ["The page answered 404."]),
    (410, [MAIN, LOST], ["a limit"], True, True, "not-found", ["The page answered 410."]),
    (304, [MAIN], [], False, False, "error", ["The page answered 304."]),
    (401, [MAIN], [], False, False, "login", ["The page answered 401."]),
    (402, [MAIN], [], False, False, "paywall", ["The page answered 402."]),
    (403, [MAIN], [], False, False, "blocked", ["The page answered 403."]),
    (429, [MAIN], [], False, False, "blocked", ["The page answered 429."]),
    (451, [MAIN], [], False, False, "blocked", ["The page answered 451."]),
    (500, [MAIN], [], False, True, "error", ["The page answered 500."]),
    (None, [note(URL, 302)], ["it redirects in a circle"], False, False, "error", ["It redirects in a circle."]),
    (None, [note(URL, 302)], [], False, False, "error", ["The site answered, but with no document."]),
    (None, [UNREACHED], [], False, False, "offline", [f"No answer came from {URL}."]),
    (None, [], ["connection refused"], False, False, "offline", ["Connection refused."]),
]  # fmt: skip


@pytest.mark.parametrize(("status", "requests", "reasons", "truncated", "empty", "word", "told"), CASES)
def test_verdicts(status, requests, reasons, truncated, empty, word, told):
    info = visit(*requests, reasons=tuple(reasons))
    assert judge(status, info, truncated=truncated, empty=empty) == (word, told)


def test_a_redirect_to_a_host_that_is_gone_is_offline():
    gone = "https://gone.example/"
    info = visit(note(URL, 302), note(gone, None, recorded=False, served=False), final_url=gone)
    assert judge(None, info)[0] == "offline"


def test_only_ok_comes_without_reasons():
    for status, truncated, empty in product([None, 200, 204, 302, 404, 500], [True, False], [True, False]):
        for requests in ([], [MAIN], [MAIN, LOST], [MAIN, UNREACHED]):
            word, reasons = judge(status, visit(*requests), truncated=truncated, empty=empty)
            assert (word == "ok") == (not reasons)
