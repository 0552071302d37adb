"""Proof: keys, signed statements about the ledger and about packages, time stamps, and judging them all.

A proof is a file that the ledger names (`proofs/` in a collection). What each one proves, and what it cannot, stands in
docs/threat-model.md.
"""

from archiver.proof.judging import Judgement, Signing, Trust, judge
from archiver.proof.keyring import Key, Keyring
from archiver.proof.packages import SignedPackage, judge_package, sign_package
from archiver.proof.signing import Signed, sign_collection
from archiver.proof.statement import Statement

__all__ = [
    "Judgement",
    "Key",
    "Keyring",
    "Signed",
    "SignedPackage",
    "Signing",
    "Statement",
    "Trust",
    "judge",
    "judge_package",
    "sign_collection",
    "sign_package",
]
