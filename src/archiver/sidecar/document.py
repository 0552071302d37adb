"""The document itself: read, made, and followed by its next revision."""

import hashlib
import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from archiver import jsontext, schema
from archiver.errors import UnreadableInput
from archiver.jsontext import pointer
from archiver.model import FileRef
from archiver.sidecar.assertion import Assertion, moment
from archiver.sidecar.choice import choose
from archiver.sidecar.migration import migrated
from archiver.sidecar.visit import Kept, Visit

_SHAPE: tuple[tuple[tuple[str, ...], type], ...] = (
    (("id",), str),
    (("capture", "requested_url"), str),
    (("capture", "final_url"), str),
    (("capture", "captured_at"), str),
    (("capture", "engine"), str),
    (("capture", "fidelity"), str),
    (("capture", "verdict", "word"), str),
    (("capture", "verdict", "reasons"), list),
    (("warc", "file"), str),
    (("warc", "sha256"), str),
    (("warc", "records"), dict),
    (("article",), dict),
    (("assertions",), list),
    (("rights",), dict),
    (("parents",), list),
)
"""What must be there for a sidecar to be of any use; the schema says the rest."""
_WHOLE = re.compile(r"[.-]whole-[^/]*\Z")
"""In the name of a WARC whose revisits were made whole."""


def dump(document: Mapping[str, Any]) -> bytes:
    """A document as a file: UTF-8, two-space indent, LF, members in the order given."""
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar as read or made. It is immutable, and so, by agreement, is its `document`."""

    document: dict[str, Any]
    content: bytes
    """The file, byte for byte."""

    @classmethod
    def parse(cls, content: bytes, where: str) -> Self:
        """Read a file's bytes. Raises `UnreadableInput` naming `where` when they are no sidecar at all.

        Whether it is a good one is told by `problems`.
        """
        document = jsontext.read(content, where)
        for path, kind in _SHAPE:
            value = document
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            if not isinstance(value, kind):
                hint = "`archiver validate` tells all that is wrong."
                raise UnreadableInput(where, f"it is no sidecar: {pointer(*path)} is missing or malformed", hint)
        return cls(document, content)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The sidecar with these members, put in the schema's order."""
        members = schema.ordered(document, "sidecar")
        return cls(members, dump(members))

    def to_bytes(self) -> bytes:
        """The file. What was read comes out byte for byte."""
        return self.content

    @property
    def id(self) -> str:
        """The capture's id."""
        return str(self.document["id"])

    @property
    def requested_url(self) -> str:
        """The URL asked for."""
        return str(self.document["capture"]["requested_url"])

    @property
    def final_url(self) -> str:
        """The URL of the main record."""
        return str(self.document["capture"]["final_url"])

    @property
    def captured_at(self) -> str:
        """The main record's WARC-Date: RFC 3339 UTC."""
        return str(self.document["capture"]["captured_at"])

    @property
    def verdict(self) -> str:
        """One word: whether it is the article."""
        return str(self.document["capture"]["verdict"]["word"])

    @property
    def reasons(self) -> list[str]:
        """Why that word."""
        return [str(reason) for reason in self.document["capture"]["verdict"]["reasons"]]

    @property
    def status(self) -> int | None:
        """HTTP status of the main record."""
        status = self.document["capture"].get("status")
        return status if isinstance(status, int) else None

    @property
    def article(self) -> dict[str, Any]:
        """The schema.org NewsArticle; may be empty."""
        return dict(self.document["article"])

    @property
    def headline(self) -> str:
        """The article's headline, or the empty string."""
        return str(self.document["article"].get("headline", ""))

    @property
    def assertions(self) -> list[Assertion]:
        """All claims, in the order they were made. Raises `UnreadableInput` if one is malformed."""
        try:
            return [Assertion.of(assertion) for assertion in self.document["assertions"]]
        except (LookupError, TypeError, ValueError) as error:
            hint = "`archiver validate` tells all that is wrong."
            raise UnreadableInput(f"Sidecar {self.id}", "an assertion in it is malformed", hint) from error

    @property
    def warc_file(self) -> str:
        """Path of the WARC in the collection."""
        return str(self.document["warc"]["file"])

    @property
    def warc_sha256(self) -> str:
        """Hex digest of the WARC file."""
        return str(self.document["warc"]["sha256"])

    @property
    def records(self) -> list[dict[str, str]]:
        """The records that it names by id: `id`, `url`, `date`, `type` and, where there is one, `payload_digest`."""
        records = self.document["warc"].get("records")
        roles = records.values() if isinstance(records, dict) else ()
        named = (record for role in roles for record in (role if isinstance(role, list) else [role]))
        return [record for record in named if isinstance(record, dict) and isinstance(record.get("id"), str)]

    @property
    def requires(self) -> list[str]:
        """Ids of the captures that hold originals of this one's revisit records."""
        return [str(capture) for capture in self.document.get("relations", {}).get("requires", ())]

    @property
    def access(self) -> str:
        """Who may see it: open, reading-room, dark or embargo."""
        return str(self.document["rights"].get("access", "dark"))

    @property
    def parents(self) -> list[str]:
        """File names of the revisions that this one follows."""
        return [str(parent) for parent in self.document["parents"]]

    @property
    def revision(self) -> int:
        """1 for the first, else one more than the latest parent's."""
        numbers = [int(match[1]) for parent in self.parents if (match := re.search(r"\.r(\d{1,6})-", parent))]
        return max(numbers, default=0) + 1

    @property
    def file_name(self) -> str:
        """The name that this revision has in a collection's `sidecars/`."""
        return f"{self.id}.r{self.revision}-{hashlib.sha256(self.content).hexdigest()[:12]}.json"


def new_sidecar(
    *,
    capture_id: str,
    visit: Visit,
    kept: Kept,
    assertions: Iterable[Assertion],
    rights: Mapping[str, str],
    selection: Mapping[str, str] | None = None,
    relations: Mapping[str, Any] | None = None,
) -> Sidecar:
    """The first revision for a capture.

    `rights` are the collection's to begin with (`{"access": …}` at least); `selection` is why and by whom the page
    was chosen, `relations` its kinship with other captures.
    """
    claims = list(assertions)
    document = {
        "$schema": schema.ids()["sidecar"],
        "@context": schema.context(),
        "id": capture_id,
        "type": "Capture",
        "capture": visit.as_json(),
        "warc": kept.as_json(),
        "article": choose(claims),
        "assertions": [claim.as_json() for claim in claims],
        "rights": dict(rights),
        "parents": [],
    }
    optional = {"selection": selection, "relations": relations}
    return Sidecar.of(document | {key: dict(value) for key, value in optional.items() if value})


def successor(
    sidecar: Sidecar, added: Iterable[Assertion] = (), *others: Sidecar, reread: Iterable[Assertion] | None = None
) -> Sidecar:
    """The next revision: what is claimed so far, then `added`. What a person claimed is never dropped.

    `others` are revisions of the same capture that are current as well (two people edited at once): their claims
    are united with those of `sidecar`, whose other members stay. `reread` is what software reads in the page today:
    it takes the place of what was read there before, which the earlier revisions keep. Of united revisions, the
    reading that is the latest stands. Whatever its version was, the newest comes out.
    """
    heads = (sidecar, *others)
    latest = max(heads, key=_last_reading) if reread is None else None
    kept = [claim for head in heads for claim in head.assertions if head is latest or not claim.can_be_reread]
    distinct = {json.dumps(claim.as_json(), sort_keys=True): claim for claim in (*kept, *(reread or ()), *added)}
    changed = {
        "assertions": [claim.as_json() for claim in distinct.values()],
        "article": choose(distinct.values()),
        "parents": sorted({head.file_name for head in heads}),
    }
    return Sidecar.of(_about_file(migrated(sidecar.document), _furthest(heads)) | changed)


def rewritten(sidecar: Sidecar, file: FileRef, became: Container[str], gone: Container[str]) -> Sidecar:
    """The next revision, whose WARC was rewritten as `file`: the revisits with ids in `became` are responses now.

    It does not require captures in `gone` any more. The same revision and file always give the same bytes.
    """
    document = successor(sidecar).document
    warc = document["warc"] | {"file": file.path, "bytes": file.bytes, "sha256": file.sha256}
    warc["records"] = {role: _responses(named, became) for role, named in warc["records"].items()}
    relations = {name: _without(named, gone) for name, named in document.get("relations", {}).items()}
    kept = {name: named for name, named in relations.items() if named}
    rest = {name: value for name, value in document.items() if name != "relations"}
    return Sidecar.of(rest | {"warc": warc} | ({"relations": kept} if kept else {}))


def _without(named: Any, gone: Container[str]) -> Any:
    """A relation but for the captures in `gone`."""
    if isinstance(named, list):
        return [one for one in named if one not in gone]
    return None if named in gone else named


def _responses(named: Any, became: Container[str]) -> Any:
    if isinstance(named, list):
        return [_responses(one, became) for one in named]
    return named | {"type": "response"} if named.get("id") in became else named


def _furthest(heads: Iterable[Sidecar]) -> Sidecar:
    """Of current revisions, one whose WARC was made whole after an erasure: the WARC of the others has ended then."""
    return max(heads, key=lambda head: (1, -len(head.requires)) if _WHOLE.search(head.warc_file) else (0, 0))


def _about_file(document: dict[str, Any], head: Sidecar) -> dict[str, Any]:
    """The document with the WARC, and what this requires, of the revision `head`."""
    if head.warc_file == document["warc"]["file"]:
        return document
    rest = {name: value for name, value in document.items() if name != "relations"}
    about = {name: migrated(head.document)[name] for name in ("warc", "relations") if name in head.document}
    return rest | about


def united(*heads: Sidecar) -> Sidecar:
    """What the current revisions of a capture come to: the only one, or that which would follow them all.

    The same revisions always give the same bytes, so that two people who unite them agree.
    """
    ordered = sorted(heads, key=lambda head: (head.revision, head.file_name), reverse=True)
    return successor(ordered[0], (), *ordered[1:]) if len(heads) > 1 else heads[0]


def _last_reading(sidecar: Sidecar) -> str:
    """When software last read the page for it."""
    return max((moment(claim.at) for claim in sidecar.assertions if claim.can_be_reread), default="")
