"""The facets beside a list: what can be chosen, how much each value would leave, and what is chosen."""

from dataclasses import dataclass

from archiver.catalogue.columns import DATES, FACETS
from archiver.catalogue.shelves import Found
from archiver.dates import claimed
from archiver.web.asking import NONE, Asked
from archiver.words import Words, phrase

TITLES = {
    "outlet": phrase("Outlet"),
    "author": phrase("Author"),
    "section": phrase("Section"),
    "language": phrase("Language"),
    "published": phrase("Published"),
    "modified": phrase("Changed"),
    "captured": phrase("Captured"),
    "verdict": phrase("Verdict"),
    "qa": phrase("Replay"),
}
"""By name, in the order in which they stand."""
CHECKS = {
    "pass": phrase("replays well"),
    "warn": phrase("replays with flaws"),
    "fail": phrase("replays badly"),
    "": phrase("not checked"),
}
FIRST, MOST = 6, 40
"""So many values are shown at once, and so many when all are unfolded. Searching finds the others."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be chosen."""

    label: str
    count: int
    """Articles that it would leave."""
    address: str


@dataclass(frozen=True, slots=True)
class Facet:
    """One property, and its values."""

    name: str
    title: str
    first: list[Choice]
    more: list[Choice]


@dataclass(frozen=True, slots=True)
class Chip:
    """A value that is chosen, and the address without it."""

    title: str
    label: str
    address: str


def facets(found: Found, asked: Asked, words: Words) -> list[Facet]:
    """What can still be chosen: where there is a choice, and, of dates, what is finer than what was chosen."""
    shown = []
    for name, title in TITLES.items():
        counts, chosen = found.counts.get(name, {}), asked.chosen.get(name, "")
        if name in DATES:
            offered = {value: number for value, number in reversed(counts.items()) if len(value) > len(chosen)}
        else:
            offered = {} if chosen else counts
        choices = [
            Choice(label(name, value, words), number, asked.choosing(name, value).address)
            for value, number in list(offered.items())[:MOST]
        ]
        if len(choices) > 1 or (choices and name in DATES):
            shown.append(Facet(name, words.say(title), choices[:FIRST], choices[FIRST:]))
    return shown


def chips(asked: Asked, words: Words) -> list[Chip]:
    """What is chosen. A date is taken back as a whole."""
    return [
        Chip(words.say(TITLES[name]), label(name, "" if value == NONE else value, words), asked.without(name).address)
        for name, value in asked.chosen.items()
        if name in FACETS + DATES
    ]


def label(name: str, value: str, words: Words) -> str:
    """A value of a facet in the reader's language, as far as it is ours to translate."""
    if name == "qa" and value in CHECKS:
        return words.say(CHECKS[value])
    if not value:
        return words.say("not told")
    if name == "verdict":
        return words.say(value)
    if name == "language":
        return words.tongue(value)
    moment = claimed(value) if name in DATES else None
    return words.date(moment) if moment else value
