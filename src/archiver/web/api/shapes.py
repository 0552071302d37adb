"""The shapes of the JSON API's answers, as JSON Schemas (Draft 2020-12) by name, for the OpenAPI document."""

from typing import Any, get_args

from archiver.access import KINDS
from archiver.model import Verdict

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TRUTH: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
ADDRESS: Schema = {"type": "string", "format": "uri-reference"}
ANY: Schema = {}


def ref(name: str) -> Schema:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def many(of: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": of}


def maybe(kind: Schema) -> Schema:
    """Or null."""
    return {"anyOf": [kind, {"type": "null"}]}


def told(about: str, schema: Schema) -> Schema:
    """The same with a description."""
    return schema | {"description": about}


def record(optional: dict[str, Schema] | None = None, /, **members: Schema) -> Schema:
    """An object with these members and no others; all but the optional ones are always there."""
    properties = members | (optional or {})
    return {"type": "object", "properties": properties, "required": list(members), "additionalProperties": False}


def table(of: Schema) -> Schema:
    """An object whose members are named by data."""
    return {"type": "object", "additionalProperties": of}


_CLAIMED = told(
    "As exact as the publisher's claim: a year, a month, a day or an instant; empty if there is none.", TEXT
)
_ROW = {
    "collection": TEXT,
    "id": told("The capture's id, unique in the archive.", TEXT),
    "revision": COUNT,
    "sidecar": TEXT,
    "warc": TEXT,
    "url": told("As asked for.", TEXT),
    "final_url": told("Where the visit ended: the page's address.", TEXT),
    "captured_at": told("When it was captured; never when it was published.", INSTANT),
    "verdict": {"enum": list(get_args(Verdict))},
    "status": maybe(COUNT),
    "engine": TEXT,
    "headline": TEXT,
    "section": TEXT,
    "publisher": TEXT,
    "authors": TEXT,
    "published": _CLAIMED,
    "modified": _CLAIMED,
    "language": TEXT,
    "description": TEXT,
    "thumbnail": TRUTH,
    "qa": told(
        "What the newest check of its replay came to; empty if there was none.", {"enum": ["", "pass", "warn", "fail"]}
    ),
    "access": {"enum": list(KINDS)},
    "embargo": maybe(INSTANT),
    "links": table(ADDRESS),
}
_PAGE = {
    "total": told("All that match, on this page and others.", COUNT),
    "next": told("The next page.", maybe(ADDRESS)),
}
_SIDE = record(id=TEXT, captured_at=INSTANT, final_url=TEXT)
_CLAIM = record(
    {"raw": TEXT, "path": TEXT, "confidence": NUMBER, "reason": TEXT, "source": {"enum": ["served", "rendered"]}},
    about=told("A JSON Pointer such as /article/headline.", TEXT),
    value=ANY,
    method=TEXT,
    by=record({"version": TEXT}, type={"enum": ["software", "person"]}, name=TEXT),
    at=INSTANT,
)
_FILE = record(path=TEXT, bytes=COUNT, sha256=DIGEST)

SHAPES: dict[str, Schema] = {
    "Capture": record(**_ROW),
    "Hit": record(
        **_ROW,
        score=told("The smaller, the better; 0 where nothing was weighed.", NUMBER),
        excerpt=record(
            text=TEXT, marks=told("First character of each word found, and the one behind it.", many(many(COUNT)))
        ),
    ),
    "Collections": record(collections=many(record(name=TEXT, title=TEXT, captures=COUNT, links=table(ADDRESS)))),
    "Captures": record(**_PAGE, captures=many(ref("Capture"))),
    "Hits": record(**_PAGE, hits=many(ref("Hit"))),
    "Facets": record(total=COUNT, facets=table(many(record(value=TEXT, count=COUNT)))),
    "Assertion": _CLAIM,
    "Account": record(
        summary=ref("Capture"),
        article=told("schema.org NewsArticle, chosen from the assertions.", table(ANY)),
        assertions=told("Who says what of the article.", many(ref("Assertion"))),
        verdict=record(word={"enum": list(get_args(Verdict))}, reasons=many(TEXT)),
        capture=told("The sidecar's account of the visit.", table(ANY)),
        qa=maybe(
            record(
                verdict={"enum": ["pass", "warn", "fail"]},
                checked_at=INSTANT,
                brought=told("Whether a package brought it: nobody has checked the copy here.", TRUTH),
                reasons=many(table(ANY)),
                measures=many(table(ANY)),
            )
        ),
        files=told("As the ledger names them.", many(_FILE)),
        citation=told("A CSL-JSON item.", table(ANY)),
    ),
    "Text": record(kind={"enum": ["article", "page", ""]}, paragraphs=many(TEXT)),
    "Resources": record(
        offset=told("Greatest distance in time of what is recorded from the page itself, in seconds.", maybe(NUMBER)),
        resources=many(
            record(
                url=TEXT,
                type=TEXT,
                method=TEXT,
                status=maybe(COUNT),
                bytes=maybe(COUNT),
                after=told("Seconds from the page's own record.", maybe(NUMBER)),
                recorded=TRUTH,
                why=TEXT,
            )
        ),
    ),
    "Events": record(
        events=many(
            record(
                {"removed": many(_FILE), "capture": TEXT, "basis": TEXT, "codes": many(TEXT), "counts": table(COUNT)},
                at=INSTANT,
                type=told("A term of the PREMIS vocabulary.", TEXT),
                agent=TEXT,
                outcome={"enum": ["success", "warning", "failure"]},
                objects=many(_FILE),
            )
        )
    ),
    "Difference": record(
        before=_SIDE,
        after=_SIDE,
        same_page=TRUTH,
        changes=many(
            record(
                name=TEXT,
                before=ANY,
                after=ANY,
                sources=record(before=many(ref("Assertion")), after=many(ref("Assertion"))),
            )
        ),
        text=told(
            "Null where one of the two has no text.",
            maybe(
                record(
                    words_added=COUNT,
                    words_removed=COUNT,
                    paragraphs=record(added=COUNT, removed=COUNT, changed=COUNT, moved=COUNT, same=COUNT),
                    changes=many(record({"added": TEXT, "removed": TEXT})),
                )
            ),
        ),
    ),
    "Problem": record(
        {"access": {"enum": list(KINDS)}, "reason": TEXT, "since": INSTANT, "until": INSTANT},
        type={"const": "about:blank"},
        title=TEXT,
        status=COUNT,
        detail=told("What went wrong, in a sentence.", TEXT),
        hint=told("What to do about it.", TEXT),
    ),
}
