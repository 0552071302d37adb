"""What a person wants an article to be: as typed, as a file of JSON says it, or as a table of many says it."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from archiver import jsontext
from archiver.errors import ConflictError, EditRefused, UnreadableInput, UsageError
from archiver.sidecar import ABOUT, Sidecar, legible, typed

COLUMNS = ("id", "field", "value", "reason", "by")
"""Of a table; the last two may be missing where the options say it for all rows."""
NEEDED = COLUMNS[:3]


@dataclass(frozen=True, slots=True)
class Wish:
    """One property of one article, as a person wants it."""

    capture: str
    name: str
    """The property: `headline` …"""
    value: Any
    """In the schema's form; None: there is none."""
    by: str
    reason: str
    where: str = ""
    """Its place in a file of many, as `file:line`."""
    confirms: bool = False
    """Whether it is also said where software says the same already. Typing it is meant; a file repeats much."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who makes changes, and why."""

    by: str
    reason: str

    @classmethod
    def of(cls, by: str | None, reason: str | None) -> "Signature":
        """Raises `UsageError` where one is missing, or cannot be shown."""
        if not (by or "").strip():
            hint = "Give your name with --by, or once for all as ARCHIVER_BY, or as `by` under [edit] in archiver.toml."
            raise UsageError("It is not said who makes the change.", hint)
        if not (reason or "").strip():
            raise UsageError("It is not said why.", "Give the reason with --reason; it stays with the change for ever.")
        return cls(*(" ".join(legible(text or "", what).split()) for text, what in ((by, "name"), (reason, "reason"))))


def wishes_as_typed(capture: str, words: Iterable[str], signature: Signature) -> list[Wish]:
    """`FIELD=VALUE` words. Raises `UsageError` for what is none, and for a field given twice."""
    wishes: dict[str, Wish] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            hint = 'Write FIELD=VALUE, for example headline="The bridge stands"; FIELD= says that there is none.'
            raise UsageError(f"{word!r} is no change.", hint)
        if name in wishes:
            raise UsageError(f"{name} is given twice.", "Several authors stand in one value, separated by `;`.")
        wishes[name] = Wish(capture, name, typed(name, text), signature.by, signature.reason, confirms=True)
    return list(wishes.values())


def wishes_of_file(content: bytes, where: str, current: Sidecar, signature: Signature) -> list[Wish]:
    """A document `{"article": {…}}` as written by hand; a text is also taken as it would be typed.

    It may be a whole sidecar, as `archiver show --json` gives it; but then it must be the `current` one in all else.
    Raises `UnreadableInput` for what is no such document, `ConflictError` if it was made from an earlier revision.
    """
    document = jsontext.read(content, where)
    article = document.get("article") if isinstance(document, dict) else None
    if not isinstance(article, dict):
        raise UnreadableInput(where, 'it is not of the form {"article": {"headline": …}}')
    others = [key for key in document if key != "article" and document[key] != current.document.get(key)]
    if document.get("id", current.id) == current.id and {"assertions", "parents"} & {*others} & current.document.keys():
        hint = f"Take the current one with `archiver show {current.id} --json`, and make the change there."
        raise ConflictError(f"{where} was made from another revision of the sidecar than the current one.", hint)
    if others:
        raise UnreadableInput(where, f"{others[0][:60]!r} cannot be edited; only what stands under article can")
    if article.get("@type", "NewsArticle") != "NewsArticle":
        raise UnreadableInput(where, "its @type is not NewsArticle")
    names = [name for name in article if name != "@type"]
    return [Wish(current.id, name, _value(name, article[name]), signature.by, signature.reason) for name in names]


def wishes_of_table(content: bytes, where: str, by: str | None, reason: str | None) -> list[Wish]:
    """The rows of a CSV table (RFC 4180) with the columns of `COLUMNS`; `by` and `reason` are for rows without.

    Raises `UnreadableInput` if it is no such table, and `EditRefused` naming every row that cannot be.
    """
    wishes: dict[tuple[str, str], Wish] = {}
    complaints: list[tuple[str, str, str]] = []
    for line, row in _rows(content, where):
        place = f"{where}:{line}"
        try:
            signature = Signature.of(row.get("by") or by, row.get("reason") or reason)
            capture, name = row["id"].strip(), row["field"].strip()
            wish = Wish(capture, name, typed(name, row["value"]), signature.by, signature.reason, place)
            if (first := wishes.setdefault((capture, name), wish)) is not wish:
                raise UsageError(f"{first.where} is about this field of this capture, too.", "Keep one of the two.")
        except UsageError as error:
            complaints.append((place, str(error).removesuffix("."), error.hint))
    if complaints:
        raise EditRefused(complaints)
    return list(wishes.values())


def _rows(content: bytes, where: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with the number of its line. Spreadsheets of many countries separate by `;`, and begin with a mark."""
    text = jsontext.decode(content.removeprefix(b"\xef\xbb\xbf"), where)
    heading = text.partition("\n")[0]
    separator = next((one for one in ",;\t" if one in heading), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        _check_columns(columns, where)
        line = reader.line_num + 1
        for row in reader:
            if any(field.strip() for field in row):
                if len(row) != len(columns):
                    raise csv.Error(f"it has {len(row)} fields, the first line has {len(columns)}")
                yield line, dict(zip(columns, row, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableInput(f"{where}:{line}", f"this is no row of a table: {error}") from error


def _check_columns(columns: list[str], where: str) -> None:
    missing = [name for name in NEEDED if name not in columns]
    unknown = [name for name in columns if name not in COLUMNS]
    hint = f"The first line names the columns: {', '.join(NEEDED)} and, if wanted, reason and by."
    if missing or unknown:
        why = f"the column {missing[0]} is missing" if missing else f"{unknown[0][:60]!r} is no column"
        raise UnreadableInput(f"{where}:1", why, hint)
    if len(set(columns)) < len(columns):
        raise UnreadableInput(f"{where}:1", "a column stands there twice", hint)


def _value(name: str, value: Any) -> Any:
    """A value of a hand-written article, in the schema's form. Raises `UsageError`."""
    if isinstance(value, str) or f"/article/{name}" not in ABOUT:
        made = typed(name, value if isinstance(value, str) else "")
        return value if isinstance(made, str) else made  # a text in a file is meant as it stands
    legible(json.dumps(value, ensure_ascii=False), name)
    return value
