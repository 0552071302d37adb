"""Who may see what: the rules that archivists set, and what they come to for a reader.

A rule is a document that never changes, `access/<name>-<digest12>.json`, entered by a `policy assignment` line of the
ledger. Nothing is deleted: a rule ends when a later one replaces it. docs/access.md explains it to archivists.
"""

from archiver.access.deciding import EVENT, Decision, Rules, Standing, kinds_for, read, rules, strictest
from archiver.access.patterns import Pattern, keys
from archiver.access.reader import Reader
from archiver.access.restricting import BASES, Wish, carried, check_replaced, drafted, put, restrict, targets
from archiver.access.rule import DESCRIPTIONS, FOLDER, KINDS, Kind, Rule, end_of, is_rule, name_of

__all__ = [
    "BASES",
    "DESCRIPTIONS",
    "EVENT",
    "FOLDER",
    "KINDS",
    "Decision",
    "Kind",
    "Pattern",
    "Reader",
    "Rule",
    "Rules",
    "Standing",
    "Wish",
    "carried",
    "check_replaced",
    "drafted",
    "end_of",
    "is_rule",
    "keys",
    "kinds_for",
    "name_of",
    "put",
    "read",
    "restrict",
    "rules",
    "strictest",
    "targets",
]
