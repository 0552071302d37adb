"""What a new sidecar is told: how the capture went, and what the WARC file holds."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, Self

from archiver.model import Exchange, FileRef, PageInfo, Verdict, timestamp

ROLES = ("main", "text", "articleText", "view", "fullPage", "thumbnail", "pageinfo", "beforeConsent")
"""The records that a sidecar names, one of each."""
LISTED = ("certificates", "media")
"""Those of which there may be several."""

_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def plain(text: str) -> str:
    """`text` without the characters that no document of ours may hold; they become U+FFFD."""
    return _NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", text).strip()


class RecordLike(Protocol):
    """What a sidecar needs to know of a WARC record."""

    @property
    def role(self) -> str:
        """`main`, `view` … Records of other roles are not named in the sidecar."""
        ...

    @property
    def record_id(self) -> str:
        """WARC-Record-ID, with or without its angle brackets; empty where there is none (ARC)."""
        ...

    @property
    def url(self) -> str:
        """WARC-Target-URI."""
        ...

    @property
    def date(self) -> datetime:
        """WARC-Date."""
        ...

    @property
    def type(self) -> str:
        """WARC-Type."""
        ...

    @property
    def payload_digest(self) -> str:
        """WARC-Payload-Digest, `sha1:…`; empty where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """The WARC file and what is where in it."""

    file: FileRef
    records: Sequence[RecordLike]
    count: int | None = None
    """All records of the file, where known."""
    text: Mapping[str, Any] = field(default_factory=dict)
    """The article's text, in the schema's form; empty where none was found."""

    def as_json(self) -> dict[str, Any]:
        """The `warc` block."""
        named = {record.role: record for record in self.records if record.role in ROLES}
        counted = {} if self.count is None else {"count": self.count}
        records: dict[str, Any] = {role: _record(named[role]) for role in ROLES if role in named}
        for role in LISTED:
            if several := [_record(record) for record in self.records if record.role == role]:
                records[role] = several
        return {"file": self.file.path, "bytes": self.file.bytes, "sha256": self.file.sha256, **counted} | {
            "records": records,
            **({"articleText": dict(self.text)} if self.text else {}),
        }


@dataclass(frozen=True, slots=True)
class Visit:
    """How the capture went."""

    requested_url: str
    final_url: str
    captured_at: datetime
    """The WARC-Date of the main record."""
    engine: Literal["browser", "http", "import"]
    fidelity: Literal["decoded", "entity", "wire", "unknown"]
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    status: int | None = None
    """HTTP status of the main record."""
    redirects: tuple[str, ...] = ()
    """URLs on the way to `final_url`, in order."""
    finished_at: datetime | None = None
    missing: tuple[tuple[str, str], ...] = ()
    """(URL, reason) of what was served but not recorded."""
    user_agent: str = ""
    agents: tuple[str, ...] = ()
    """Software that took part, as `name/version`."""
    ip: str | None = None
    protocols: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Members of the `capture` block that tell how and by what it was made, in the schema's form: `tls`, `client`,
    `clock`, `options`, `counts`, `consent`, `robots`, `session`, `attempts`. Empty ones are left out."""

    @classmethod
    def of(
        cls,
        page: PageInfo,
        verdict: Verdict,
        reasons: Iterable[str] = (),
        *,
        main: Exchange | None = None,
        redirects: Iterable[str] = (),
        evidence: Mapping[str, Any] | None = None,
    ) -> Self:
        """What a page's own account and its main exchange (if any document came) say."""
        return cls(
            requested_url=page.url,
            final_url=page.final_url,
            captured_at=main.started if main else page.started,
            engine=page.engine,
            fidelity=page.fidelity,
            verdict=verdict,
            reasons=tuple(reasons),
            status=main.response.status if main else None,
            redirects=tuple(redirects),
            finished_at=page.finished,
            missing=tuple((note.url, note.why) for note in page.missing),
            user_agent=page.user_agent,
            agents=page.agents,
            ip=main.ip if main else None,
            protocols=main.protocols if main else (),
            evidence={**page.evidence, "counts": page.counts, **(evidence or {})},
        )

    def as_json(self) -> dict[str, Any]:
        """The `capture` block; what is not known is left out."""
        optional = {
            "redirects": list(self.redirects),
            "finished_at": self.finished_at and timestamp(self.finished_at, micro=True),
            "user_agent": plain(self.user_agent),
            "ip": self.ip,
            "protocols": list(self.protocols),
            **self.evidence,
        }
        return {
            "requested_url": self.requested_url,
            "final_url": self.final_url,
            "captured_at": timestamp(self.captured_at, micro=True),
            "engine": self.engine,
            "fidelity": self.fidelity,
            "status": self.status,
            "verdict": {"word": self.verdict, "reasons": [plain(reason) for reason in self.reasons if plain(reason)]},
            "missing": [{"url": plain(url), "reason": plain(why) or "not recorded"} for url, why in self.missing],
            "agents": [_software(agent) for agent in self.agents],
        } | {key: value for key, value in optional.items() if value}


def _record(record: RecordLike) -> dict[str, str]:
    members = {
        "id": record.record_id.strip("<>"),
        "url": plain(record.url),
        "date": timestamp(record.date, micro=True),
        "type": record.type,
        "payload_digest": record.payload_digest,
    }
    return {key: value for key, value in members.items() if value}


def _software(agent: str) -> dict[str, str]:
    name, _, version = plain(agent).partition("/")
    return {"name": name} | ({"version": version} if version else {})
