"""Names of authors, as they stand in bylines and metadata, made into people and organizations.

Bylines say more than names: who writes (`By`), in what role, when, how to reach them. A name is what is left.
"""

import re
from collections.abc import Iterator
from typing import Any

from archiver.extract.days import undated
from archiver.extract.texts import clean, fold
from archiver.extract.words import pattern

Agent = dict[str, str]
"""A schema.org Person or Organization: `@type`, `name`, and for a person maybe `jobTitle`."""

_CONTACT = re.compile(
    r"[(\[<]?\s*(?:mailto:)?[\w.+-]+@[\w-]+(?:\.[\w-]+)+\s*[)\]>]?|(?:https?://|www\.)\S+|(?<!\w)@[\w.]+", re.IGNORECASE
)
_REPORTER = re.compile(r"\s+(?:기자|記者|记者)$")
_ASIDE = re.compile(r"\([^()]{0,80}\)")
_BETWEEN = r"\s*(?:[;；、،•·|\n\t]|(?<!\d),(?!\d)|\s[-–—]\s|(?:,\s*|\s){}\s)\s*"
_BETWEEN_LONG = r"\s+{}\s+|\s*/\s*|\s+و\s*"
_TEAM = r"(?<=\w)\s+[-–—]\s+[^-–—|;]{0,60}\b{}\s*(?=\||$)"
_EDGES = ' \t,;:|/•·–—-*"“”„()[]<>…'
_SIGN = re.compile(r"[^\W\d_]{1,5}(?:-[^\W\d_]{1,5})?")
_LONGEST = 100


def people(raw: Any, site_names: frozenset[str] = frozenset()) -> list[Agent]:
    """The authors that a text names, in order; none where it names nobody.

    `site_names` are folded names of the site: who is called so is an organization.
    """
    text = undated(_CONTACT.sub(" ", clean(raw, 500)))
    text = _ASIDE.sub(" ", text) if _ASIDE.sub("", text).strip(_EDGES) else text
    text = pattern("teams", _TEAM).sub(" ", text)  # it tells where they work
    found: dict[str, Agent] = {}
    for part in _parts(_unlabelled(text)):
        last = next(reversed(found.values()), None)
        if last and pattern("suffixes", r"{}\.?").fullmatch(part):
            last["name"] = f"{last['name']}, {part}"
        elif last and _is_role(part):
            last.setdefault("jobTitle", part)
        elif agent := _agent(part, site_names):
            found.setdefault(fold(agent["name"]), agent)
    return list(found.values())


def organization(name: str, site_names: frozenset[str] = frozenset()) -> bool:
    """Whether a name is that of an agency, a newsroom, a company or the site."""
    within = [pattern(kind, r"(?<!\w){}(?!\w)") for kind in ("organizations", "agencies")]
    named = any(one.search(name) for one in (*within, pattern("organizations_cjk", "{}")))
    return named or fold(name) in site_names


def said(text: str) -> bool:
    """Whether a text begins by saying that a name comes."""
    return bool(_label().match(text)) and not text[:1].isspace()


def is_label(text: str) -> bool:
    """Whether a text is nothing but the label of a name."""
    own = _label().fullmatch(text) and not pattern("more_by", "{}").match(text)
    return bool(own or pattern("author_labels", "{}").fullmatch(text))


def says_written(text: str) -> bool:
    """Whether a text begins by saying in full that somebody wrote this: `posted by`, `Author:`, not a bare `by`."""
    labels = (pattern("written_by", r"\s*{}\b"), pattern("author_labels", r"\s*{}\s*[:：]"))
    return any(label.match(text) for label in labels)


def _label() -> re.Pattern[str]:
    by, more_by, by_colon = (pattern(kind, "{}").pattern for kind in ("by", "more_by", "by_colon"))
    return re.compile(rf"(?:{more_by}|{by})\b\s*[:：]?\s*|{by_colon}\s*[:：/]\s*", re.IGNORECASE)


def _unlabelled(text: str) -> str:
    text = text.strip(_EDGES)
    while label := _label().match(text):
        text = text[label.end() :].strip(_EDGES)
    return _REPORTER.sub("", text)


def _parts(text: str) -> Iterator[str]:
    """The names in a text, roughly."""
    if organization(text) and not re.search(r"[,;|•、/]", text):
        yield text
        return
    parts = [part.strip(_EDGES) for part in pattern("between", _BETWEEN).split(text)]
    single = all(len(part.split()) == 1 for part in parts)
    if len(parts) == 2 and "," in text and single and not any(map(organization, parts)):
        yield f"{parts[1]} {parts[0]}"  # `Kowalska, Anna`
        return
    for part in parts:
        halves = [half.strip(_EDGES) for half in pattern("between_long", _BETWEEN_LONG).split(part)]
        long = [" " in half for half in halves]
        separate = all(long) or ("/" in part and any(long))
        halves = [half for half in halves if half == halves[0] or "/" not in part or not _is_sign(half)]
        yield from (one for one in (halves if separate else [part]) if one)


def _is_sign(half: str) -> bool:
    """Whether what follows a slash is the sign of an agency that is not known by name: `Jane Doe/XY-Z`."""
    return bool(_SIGN.fullmatch(half)) and half.isupper() and not organization(half)


def _role_before() -> re.Pattern[str]:
    return pattern("roles", r"^((?:[^\s,]*?{})(?:\s+{})?)\s+(?=\S+\s+\S)")


def _is_role(part: str) -> bool:
    """Whether it tells what somebody is, and not who."""
    return bool(pattern("roles", r"{}(?!\w)").search(part)) and not _role_before().match(part)


def _agent(part: str, site_names: frozenset[str]) -> Agent | None:
    part = _unlabelled(part)
    role = _role_before().match(part)
    name = part[role.end() :].strip(_EDGES) if role else part
    if not fold(name) or len(name) > _LONGEST or pattern("nobody", "{}").fullmatch(name):
        return None
    kind = "Organization" if organization(name, site_names) else "Person"
    return {"@type": kind, "name": name} | ({"jobTitle": role[1].strip()} if role else {})
