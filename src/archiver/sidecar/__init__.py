"""The sidecar: one JSON document per capture that says what was captured, how, and what the article is.

`article` is never written by hand. It is what `choose` makes of the `assertions`, each of which says who claims
what about the article and where it was found; so a person's correction and a machine's reading stand side by side.
A sidecar is immutable: a change makes the next revision, which names the revisions that it follows in `parents`.
Every field is explained in `docs/sidecar.md`.
"""

from archiver.sidecar.assertion import ABOUT, METHODS, Agent, Assertion, correction, legible, moment, typed
from archiver.sidecar.checks import problems, sense
from archiver.sidecar.choice import choose
from archiver.sidecar.document import Sidecar, dump, new_sidecar, rewritten, successor, united
from archiver.sidecar.migration import migrated
from archiver.sidecar.visit import Kept, RecordLike, Visit, plain

__all__ = [
    "ABOUT",
    "METHODS",
    "Agent",
    "Assertion",
    "Kept",
    "RecordLike",
    "Sidecar",
    "Visit",
    "choose",
    "correction",
    "dump",
    "legible",
    "migrated",
    "moment",
    "new_sidecar",
    "plain",
    "problems",
    "rewritten",
    "sense",
    "successor",
    "typed",
    "united",
]
