"""Erasing what the law says must go: openly, by one line of the ledger for each capture, and for ever.

`request` says who wants it and on what ground, `plan` what would go, `erase` does it. What each step leaves behind,
and what becomes of captures that depend on an erased one, is told in `archiver.collection.erasure`.
"""

from archiver.erasing.erasing import Erased, Plan, erase, plan, planned
from archiver.erasing.request import BASES, Request

__all__ = ["BASES", "Erased", "Plan", "Request", "erase", "plan", "planned"]
