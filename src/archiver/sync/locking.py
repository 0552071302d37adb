"""Locks against the collection's policy: what is locked too little, and locking it for longer."""

import threading
from dataclasses import replace
from datetime import timedelta

from archiver.collection import Collection
from archiver.errors import StoreError, UnreadableInput
from archiver.model import Finding, now, timestamp
from archiver.stores import Lock, Retention, Store

SLACK = timedelta(days=1)
"""A lock that lacks less than this of the policy's days is not touched: not every audit costs a request an object."""


def policy_of(collection: Collection) -> Retention | None:
    """How the collection says that its objects are locked.

    None also where its description is damaged: to verify tells of that, and the next audit locks what came without.
    """
    try:
        return Retention.of(collection.metadata().get("policies", {}).get("lock"))
    except UnreadableInput:
        return None


class LockAudit:
    """The locks of one store. Threads may share one."""

    def __init__(self, store: Store, policy: Retention, *, touch: bool) -> None:
        """Without `touch`, it only tells."""
        self.extended = 0
        """Objects that were locked, or locked for longer."""
        self.until: dict[str, str] = {}
        """Of each object looked at, until when it is locked now, RFC 3339; empty where it is not."""
        self._store = store
        self._policy = policy
        self._touch = touch
        self._refused: dict[str, int] = {}
        self._turn = threading.Lock()

    def check(self, key: str, found: Lock | None) -> Finding | None:
        """One object's lock: a finding where it was too little, whether that was mended or not."""
        wanted = self._policy.lock(now())
        why = shortcoming(found, self._policy)
        self.until[key] = timestamp(found.until) if found and found.until else ""
        if not why and not self._rolls(found, wanted):
            return None
        if not self._touch:
            return Finding("error", "remote-lock-short", key, why) if why else None
        until = max(filter(None, (found.until if found else None, wanted.until)))
        try:
            self._store.protect(key, replace(wanted, until=until))
        except StoreError as error:
            with self._turn:
                self._refused[error.why] = self._refused.get(error.why, 0) + 1
            return Finding("error", "remote-lock-short", key, why) if why else None
        self.until[key] = timestamp(until)
        with self._turn:
            self.extended += 1
        mended = f"{why}; from now on it is locked until {timestamp(until)}"
        return Finding("warning", "remote-lock-short", key, mended) if why else None

    def findings(self) -> list[Finding]:
        """What the store itself had against locking, once for all objects."""
        hint = "docs/remotes.md: what a bucket needs for locks."
        return [
            Finding(
                "error", "remote-lock-refused", self._store.url, f"{count} objects could not be locked: {why}", hint
            )
            for why, count in sorted(self._refused.items())
        ]

    def _rolls(self, found: Lock | None, wanted: Lock) -> bool:
        """Whether it is time to lock it for longer: under governance, which can be bypassed where it must."""
        if self._policy.mode != "governance" or found is None or found.mode != "governance":
            return False
        return bool(found.until and wanted.until and found.until < wanted.until - SLACK)


def shortcoming(found: Lock | None, policy: Retention) -> str:
    """In what a lock is less than the policy, or nothing.

    A COMPLIANCE lock that has run out is what was wanted: it is never begun anew without being asked for.
    """
    if found is None or found.until is None or found.mode is None:
        return "it has no lock" if found is None or not found.hold else "it has no lock but its legal hold"
    if policy.hold and not found.hold:
        return "it has no legal hold"
    if policy.mode == "compliance" and found.mode == "governance":
        return "it is locked under governance, the policy says compliance"
    if policy.mode == "governance" and found.until <= now():
        return f"its lock ran out at {timestamp(found.until)}"
    return ""
