"""What the Berkeley Protocol on Digital Open Source Investigations (OHCHR and UC Berkeley, 2020, 2022) asks for.

Of chapter VI: what a collector should capture (para. 155), and what preservation is to keep: the six properties of a
digital item, its chain of custody (para. 167), an evidentiary copy beside working copies, and storage. Our words.
"""

from collections.abc import Iterator
from typing import Any

from archiver.report.coverage import Coverage
from archiver.report.facts import Facts
from archiver.report.formats import UNKNOWN, Formats
from archiver.report.requirement import Requirement, State, of, share

Named = tuple[str, Requirement]


def collected(coverage: Coverage) -> list[Named]:
    """What was captured of each page, in numbers."""

    def row(name: str, asks: str, key: str, more: str) -> Named:
        count = coverage.has[key]
        evidence = of(count, coverage.captures) + (f"; {more}" if more else "")
        return name, Requirement(asks, share(count, coverage.captures), evidence)

    told = "bodies: " + ", ".join(f"{name} {count}" for name, count in coverage.fidelity.most_common())
    has = coverage.has
    machine = f"our address: {has['our_address']}, clock: {has['clock']}, who chose the page: {has['collector']}"
    rows = (
        ("Web address", "the address of what was collected", "url", f"server's address: {has['server_address']}"),
        ("HTML source", "the page's source code", "html", ""),
        ("Full-page capture", "a picture of the whole page as it was seen, with date and time", "full_page", ""),
        ("Minimum for court", "the three above together", "court_minimum", ""),
        ("Embedded media", "the pictures and films in the page", "complete", "of these, nothing served is missing"),
        ("Embedded metadata", "what files carry in themselves", "html", f"they are kept inside as they were; {told}"),
        ("Contextual data", "why the item was taken, and what it belongs to", "reason", f"case named: {has['case']}"),
        ("Collection data", "who or what collected it, from which address, when", "software", machine),
        ("Time stamp", "date and time of collection, by a clock that is right", "time", f"clock: {has['clock']}"),
        ("Hash value", "a digest, made when it was collected", "hash", "SHA-256 in sidecar and ledger"),
    )
    return [row(*one) for one in rows]


def preserved(facts: Facts, coverage: Coverage, formats: Formats) -> list[Named]:
    """How the kept items fare."""
    return [
        (name, Requirement(asks, state, evidence)) for name, asks, state, evidence in _rows(facts, coverage, formats)
    ]


def _rows(facts: Facts, coverage: Coverage, formats: Formats) -> Iterator[tuple[str, str, State, str]]:
    yield "Authenticity", "it can be shown that an item is as it was when collected", *_authentic(facts)
    whole = [copy.place for copy in facts.whole]
    state: State = "met" if len(whole) > 1 else "partly" if whole else "unmet"
    copies = f"complete copies: {', '.join(whole) or 'none known'}"
    yield "Availability", "items go on existing and can be fetched", state, copies
    every = share(coverage.captures, coverage.captures)
    named = f"{coverage.captures} captures with ids of their own; {len(facts.files)} files with SHA-256"
    yield "Identity", "each item can be told from all others", every, named
    yield "Persistence", "the bits are whole and can be processed", *_persistent(facts)
    yield "Renderability", "people and machines can use it", *_renderable(coverage, formats)
    known = coverage.captures - coverage.unreadable
    told = f"sidecars: {of(known, coverage.captures)}; reason for the choice: {coverage.has['reason']}; "
    told += f"README and schemas lie beside them: {'yes' if facts.readable else 'no'}"
    yield "Understandability", "those it is for can interpret it", share(known, coverage.captures), told
    total = sum(facts.events.values())
    chain: State = "met" if total and facts.proven.since else "partly" if total else "open"
    told = f"events: {total}; chains of digests: {len(facts.writers)}; {_anchored(facts)}; "
    told += "what happens outside of archiver is not in them"
    yield "Chain of custody", "who had it, what was done with it and when, in order", chain, told
    erased = ", ".join(f"{basis} {count}" for basis, count in facts.erasures.items()) or "none"
    told = "WARCs and sidecar revisions are immutable; captures that people corrected, by further revisions: "
    told += f"{coverage.has['corrected_by_people']}; erasures, documented: {erased}"
    yield "Evidentiary copy", "the item as collected is never changed; work is done on copies", "met", told
    locked = f"complete copies: {len(whole)}; lock at remotes: {facts.lock['mode'] if facts.lock else 'none'}"
    yield "Storage", "it is kept safe, and found again", state, locked


def _anchored(facts: Facts) -> str:
    proven = facts.proven
    told = f"signatures that hold: {proven.holding}; time stamps of trusted authorities: {proven.trusted}"
    return f"{told}, the ledger as it was is proven since {proven.since}" if proven.since else told


def _authentic(facts: Facts) -> tuple[State, str]:
    proven = facts.proven
    if proven.errors:
        return "unmet", f"{proven.errors} errors among the proofs: archiver verify tells which"
    hashed = f"{len(facts.files)} files with SHA-256 in chained ledgers; {_anchored(facts)}"
    if proven.since:
        return "met", hashed
    return "partly", f"{hashed}; without a trusted time stamp the chain is the operator's own word"


def _persistent(facts: Facts) -> tuple[State, str]:
    if facts.failed:
        return "unmet", facts.failed
    told = "; ".join(
        f"{copy.place}: {of(copy.read, copy.held, 'files')} read whole"
        + (f" since {copy.oldest}" if copy.oldest else "")
        for copy in facts.copies
    )
    if all(copy.oldest for copy in facts.copies):
        return "met", told
    return ("partly" if any(copy.read for copy in facts.copies) else "open"), told


def _renderable(coverage: Coverage, formats: Formats) -> tuple[State, str]:
    seen, unknown = sum(formats.payloads.values()), formats.payloads[UNKNOWN]
    told = f"open formats (WARC, JSON); pictures of the page: {of(coverage.has['full_page'], coverage.captures)}; "
    told += f"payloads of unknown format: {of(unknown, seen, 'payloads looked at')}"
    return ("partly" if unknown or coverage.has["full_page"] < coverage.captures else "met") if seen else "open", told


def as_json(rows: list[Named]) -> list[dict[str, Any]]:
    """As in `archiver report --json`."""
    return [{"name": name} | requirement.as_json() for name, requirement in rows]
