"""Secrets in captures: which they are, where they stand, and how they are taken out before anything is written."""

import base64
from dataclasses import dataclass
from typing import Any, Literal

from archiver.redaction.known import Known
from archiver.redaction.redactor import Redactor
from archiver.redaction.sealing import Sealing, read_recipients, unseal
from archiver.session import NOBODY, Session

__all__ = ["Known", "Policy", "Redactor", "Sealing", "Secrecy", "read_recipients", "unseal"]

Policy = Literal["redact", "seal", "keep"]


@dataclass(frozen=True, slots=True)
class Secrecy:
    """What becomes of the secrets of every capture of a run."""

    policy: Policy = "keep"
    session: Session = NOBODY
    recipients: tuple[str, ...] = ()
    """Public keys for which originals are sealed."""

    def redactor(self) -> Redactor | None:
        """What takes the secrets out of one capture; None where they are kept."""
        if self.policy == "keep":
            return None
        return Redactor(self.known(), Sealing(self.recipients) if self.policy == "seal" else None)

    def known(self) -> Known:
        """What is secret before the visit begins."""
        known, session = Known(), self.session
        for cookie in session.cookies:
            known.add_named(cookie.name, cookie.value.encode(), hidden=cookie.http_only)
        for values in session.storage.values():
            for name, value in values.items():
                known.add_named(name, value.encode(), hidden=False)
        if auth := session.basic_auth:
            known.add_password(auth.password.encode())
            known.add(base64.b64encode(f"{auth.user}:{auth.password}".encode()))
        return known

    def as_json(self, redactor: Redactor | None) -> dict[str, Any]:
        """The sidecar's `capture.session`; empty for a visit of nobody in particular that keeps all."""
        session = self.session
        told = {
            "profile": session.profile.name if session.profile else None,
            "basic_auth": session.basic_auth is not None,
            "sealed_for": " ".join(self.recipients),
        }
        told = {name: value for name, value in told.items() if value}
        if not told and redactor is None:
            return {}
        return told | {"secrets": self.policy} | ({"redacted": redactor.count} if redactor else {})
