"""Captures as other programs want them: references for RIS, BibTeX, CSL-JSON, Dublin Core; rows for CSV, JSON Lines.

The three dates stay apart in each of them: when it was published, when it was modified, when it was captured.
Whatever a page claims is a value there, never a line, a tag or a formula of its own.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from archiver.catalogue.searching import Found

CSV_COLUMNS = (
    *("collection", "id", "headline", "authors", "publisher", "section", "published", "modified", "captured_at"),
    *("language", "keywords", "description", "url", "final_url", "verdict", "status", "warc", "sidecar"),
)
_FORMULA = re.compile(r"[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20'\t\r]")
_TEX = str.maketrans(
    {char: f"\\{char}" for char in "&%$#_"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"}
)
"""A brace behind a backslash counts as a brace for BibTeX: each has a name instead."""
_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]+")
_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")


def references(form: str, found: Iterable[Found]) -> Iterator[str]:
    """The text of an export, in pieces; `form` is one of `FORMS`. Each of `found` has its article with it."""
    return FORMS[form](found)


def _jsonl(found: Iterable[Found]) -> Iterator[str]:
    for one in found:
        yield json.dumps(one.as_json(), ensure_ascii=False, separators=(",", ":")) + "\n"


def _csv(found: Iterable[Found]) -> Iterator[str]:
    """RFC 4180, UTF-8. What a spreadsheet would take for a formula has an apostrophe before it (docs/catalogue.md)."""
    yield _csv_line(CSV_COLUMNS)
    for one in found:
        told = one.as_json() | {"authors": "; ".join(_authors(one)), "keywords": "; ".join(_keywords(one))}
        yield _csv_line(_cell(told[column]) for column in CSV_COLUMNS)


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value).replace("\0", "")
    return f"'{text}" if _FORMULA.match(text) else text


def _ris(found: Iterable[Found]) -> Iterator[str]:
    """RIS (Research Information Systems, 2011): a tag and a value to a line."""
    for one in found:
        row = one.row
        lines = [("TY", "NEWS"), ("TI", _title(one)), *(("AU", name) for name in _authors(one))]
        lines += [("T2", row.publisher), ("PB", row.publisher), ("SE", row.section)]
        lines += [("PY", row.published[:4]), ("DA", _slashed(row.published)), ("Y2", _slashed(row.captured_at))]
        lines += [("UR", row.final_url), ("LK", one.address), ("LA", row.language), ("AB", row.description)]
        lines += [("KW", word) for word in _keywords(one)]
        lines += [("DB", one.collection), ("AN", row.id), ("N1", _provenance(one))]
        told = ((tag, _line(value)) for tag, value in lines)
        yield "".join(f"{tag}  - {value}\r\n" for tag, value in told if value) + "ER  - \r\n\r\n"


def _bibtex(found: Iterable[Found]) -> Iterator[str]:
    """BibTeX, which biblatex reads as well: each field in braces, each name in its own, to be kept as it is."""
    for one in found:
        row, date = one.row, _DATE.match(one.row.published)
        members = {
            "author": " and ".join(f"{{{_tex(name)}}}" for name in _authors(one)),
            "title": f"{{{_tex(_title(one))}}}",
            "howpublished": _tex(_line(row.publisher)),
            "year": row.published[:4] if date else "",
            "date": date[0] if date else "",
            "url": _url(row.final_url),
            "urldate": row.captured_at[:10],
            "keywords": ", ".join(_tex(word) for word in _keywords(one)),
            "language": _tex(_line(row.language)),
            "note": _tex(_provenance(one)),
        }
        told = "".join(f"  {name} = {{{value}}},\n" for name, value in members.items() if value)
        yield f"@misc{{{row.id},\n{told}}}\n\n"


def _csl(found: Iterable[Found]) -> Iterator[str]:
    """CSL-JSON 1.0.2. Names are given as they are written: to part them into given and family would be a guess."""
    separator = "[\n"
    for one in found:
        row = one.row
        item = {
            "id": row.id,
            "type": "article-newspaper",
            "title": _title(one),
            "author": [{"literal": name} for name in _authors(one)],
            "container-title": _line(row.publisher),
            "section": _line(row.section),
            "issued": _date_parts(row.published),
            "accessed": _date_parts(row.captured_at),
            "URL": _line(row.final_url),
            "language": _line(row.language),
            "abstract": _line(row.description),
            "keyword": ", ".join(_keywords(one)),
            "archive": one.collection,
            "archive_location": row.id,
            "note": _provenance(one),
        }
        yield separator + json.dumps({key: value for key, value in item.items() if value}, ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _dublin_core(found: Iterable[Found]) -> Iterator[str]:
    """DCMI Metadata Terms as XML, with the elements of the DCMI's guidelines of 2003."""
    spaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<records {spaces}>\n'
    for one in found:
        row = one.row
        terms = [("dc:identifier", f"urn:archiver:capture:{row.id}"), ("dc:title", _title(one)), ("dc:type", "Text")]
        terms += [("dc:creator", name) for name in _authors(one)]
        terms += [
            ("dc:publisher", row.publisher),
            ("dcterms:issued", row.published),
            ("dcterms:modified", row.modified),
        ]
        terms += [("dc:language", row.language), ("dc:description", row.description), ("dc:subject", row.section)]
        terms += [("dc:subject", word) for word in _keywords(one)]
        terms += [("dc:source", row.final_url), ("dcterms:isPartOf", one.collection)]
        terms += [("dcterms:provenance", _provenance(one))]
        told = ((name, _line(value)) for name, value in terms)
        lines = "".join(f"    <{name}>{escape(value)}</{name}>\n" for name, value in told if value)
        yield f"  <record>\n{lines}  </record>\n"
    yield "</records>\n"


FORMS: dict[str, Callable[[Iterable[Found]], Iterator[str]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "ris": _ris,
    "bibtex": _bibtex,
    "csl-json": _csl,
    "dc-xml": _dublin_core,
}
"""Name of a form → who writes it."""


def _line(text: str) -> str:
    """One line, with nothing in it that XML 1.0 §2.2 or a line-based format could not hold."""
    return _BREAKS.sub(" ", text).strip()


def _tex(text: str) -> str:
    return text.translate(_TEX)


def _url(url: str) -> str:
    """An address that can stand in a field of BibTeX as it is: what counts there is percent-encoded."""
    return re.sub(r"[\\{}\s]", lambda found: f"%{ord(found[0]):02X}", _line(url))


def _title(one: Found) -> str:
    return _line(one.row.headline) or _line(one.row.final_url)


def _authors(one: Found) -> list[str]:
    return names((one.article or {}).get("author"))


def _keywords(one: Found) -> list[str]:
    return names((one.article or {}).get("keywords"))


def names(value: Any) -> list[str]:
    """The names in what an article has: texts, or things with a name, one or several."""
    several = value if isinstance(value, list) else [value]
    found = (part.get("name") if isinstance(part, dict) else part for part in several)
    return [line for name in found if isinstance(name, str) and (line := _line(name))]


def _provenance(one: Found) -> str:
    row = one.row
    modified = f" Modified {row.modified}." if row.modified else ""
    proof = f" Capture {row.id}, payload digest {one.digest}." if one.digest else ""
    place = f" Archived copy: {one.address}" if one.address else ""
    return _line(f"Captured {row.captured_at}, verdict {row.verdict}, kept in {row.warc}.{modified}{proof}{place}")


def _date_parts(claimed: str) -> dict[str, Any] | None:
    """A date as CSL has it, as exact as it is claimed."""
    parts = _DATE.match(claimed)
    return {"date-parts": [[int(part) for part in parts.groups() if part]]} if parts else None


def _slashed(claimed: str) -> str:
    """A date as RIS has it: `YYYY/MM/DD/`, the unknown left out."""
    parts = _DATE.match(claimed)
    return "/".join([*(part or "" for part in parts.groups()), ""]) if parts else ""
