"""Results of QA, made up: a plain one, and one of a page that says hostile things."""

from archiver import qa
from archiver.qa.reasons import reason

HOSTILE = "\"><script src=//evil.example/x.js></script><img src=x onerror=alert(1)>'&lt;"
PNG = b"\x89PNG\r\n\x1a\n picture of "
URL = "https://courier.example/power"


def a_result(capture: str, verdict: str = "pass", **more) -> qa.Result:
    facts = {
        "capture": capture,
        "url": URL,
        "captured_at": "2026-11-22T14:01:12.345678Z",
        "checked_at": "2026-11-24T09:00:00Z",
        "seconds": 2.5,
        "verdict": verdict,
        "measures": (
            qa.Measure("completeness", 0.912, 0.95, 0.8),
            qa.Measure("leaks", 0, None, 0, "low", "count"),
            qa.Measure("offset-max", 3.2 * 86400, 86400, None, "low", "seconds"),
            qa.Measure("films", None, 1),
            qa.Measure("of-tomorrow", 0.5),
        ),
        "agents": ("chromium/156", "pywb/2.10.0"),
        "settings": {"width": 1280, "behaviours": True},
        "pictures": (qa.Picture("view", f"urn:view:{URL}", f"urn:qa:view:{URL}"),),
    }
    return qa.Result(**facts | more)


GONE = qa.Detail("answers", {"kind": "image", "status": 404})
LOST = reason("warning", "resource-lost", "https://cdn.example/a.png", GONE)
BLANK = reason("error", "page-blank", URL, qa.Detail("one-colour", {"share": 0.999}))


def bad_result(capture: str) -> qa.Result:
    return a_result(
        capture,
        "fail",
        reasons=(LOST, BLANK, qa.Reason("warning", "of-tomorrow", HOSTILE, HOSTILE, HOSTILE)),
        resources=(
            qa.Resource(f"https://cdn.example/{HOSTILE}", "image", "lost", f"404 {HOSTILE}", 0.2, 0.5, -7300.0),
            qa.Resource("https://api.example/new.json", "fetch", "newly-asked", "404", detail=GONE),
            qa.Resource("https://cdn.example/b.css", "stylesheet", "ok", "", 0, 0.3, 0.4),
        ),
        absent=(HOSTILE,),
        script_errors=(HOSTILE,),
        leaks=("https://counter.example/1.gif",),
    )
