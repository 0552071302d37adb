"""What is said of an article, in words for readers: names of properties, their values, and how each was found."""

import json
from typing import Any

from archiver.words import phrase

NAMES = {
    "headline": phrase("Headline"),
    "alternativeHeadline": phrase("Second headline"),
    "author": phrase("Authors"),
    "publisher": phrase("Publisher"),
    "datePublished": phrase("Date of publication"),
    "dateModified": phrase("Date of change"),
    "inLanguage": phrase("Language of the article"),
    "articleSection": phrase("Section"),
    "keywords": phrase("Keywords"),
    "description": phrase("Description"),
    "image": phrase("Pictures"),
    "isAccessibleForFree": phrase("Free to read"),
    "url": phrase("Address by its own account"),
    "wordCount": phrase("Number of words"),
    "timeRequired": phrase("Reading time"),
    "correction": phrase("Corrections"),
    "final URL": phrase("Address"),
    "verdict": phrase("Verdict"),
    "status": phrase("Status of HTTP"),
}
"""Properties of the article in the schema's order, and three of the capture itself."""

METHODS = {
    "human": phrase("by a person"),
    "json-ld": phrase("in the page’s JSON-LD"),
    "microdata": phrase("in the page’s microdata"),
    "rdfa": phrase("in the page’s RDFa"),
    "meta": phrase("in the head of the page"),
    "feed": phrase("in the site’s feed"),
    "page": phrase("on the page as readers see it"),
    "trafilatura": phrase("found by trafilatura"),
    "htmldate": phrase("found by htmldate"),
    "url": phrase("in the address"),
}
"""Each method of `archiver.sidecar.METHODS`."""


def told(value: Any) -> str:
    """A value as text: of people and organizations their names, several parted by `; `; empty for none."""
    if isinstance(value, list):
        return "; ".join(map(told, value))
    if isinstance(value, dict):
        return told(value.get("name") or value.get("text") or json.dumps(value, ensure_ascii=False))
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, bool) else str(value)
