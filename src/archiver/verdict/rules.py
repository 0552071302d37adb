"""The rules by which a page that answered well is found to be no article after all; each gives a reason or nothing.

Every rule needs two signs: that something is said or shown, and that the article is not there to be read. What an
article looks like in figures:
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from archiver.model import PageFacts, Verdict
from archiver.verdict import phrases

SHORT = 250
"""Words of a page that calls itself no article, below which a sign counts; block pages explain themselves at length."""
HEADED = 60
"""The same for one that calls itself an article: the shortest news items have more."""
STUB = 120
"""Main words below which a notice in the text is believed to stand where the rest of the text should."""
TEASER = 400
"""Main words above which a notice is not believed, if nothing else tells that the text goes on."""
BARE = 80
"""All words of a page, menus too, that is little more than its message."""
EMPTY = 15
SHARE = 0.6
"""Of the words that the publisher counts; fewer are not the whole text."""
WHOLE = 0.75
"""The same; so many are, since captions and boxes may be counted too."""
LACKING = 80
"""So many words must be missing, since counts differ."""
COVERED = 0.5
"""Of the first screen; a banner takes less."""
QUOTED = 100
"""Characters of what covers a page, in a reason."""
REPEATED = 3
"""Other pages of the host with the same text."""

_HOME = re.compile(r"([a-z]{2}([-_][a-z]{2})?/?)?((index|home|default|start|main|news)(\.\w{2,5})?/?)?", re.IGNORECASE)
_LOGIN = re.compile(
    r"(^|[/.])(log-?in|sign-?in|signon|sso|auth|account|accounts|users?/sign_in|wp-login\.php|anmelden|connexion)([/.?]|$)"
)
_CONSENT = re.compile(
    r"(^|[/.])(consent|cookie-?(consent|wall)|guce|cmp|privacy-?(consent|wall|gate|mgmt)|zustimmung|datenschutz-zustimmung)([/.?-]|$)"
)


@dataclass(frozen=True, slots=True)
class Sight:
    """A page as the rules see it."""

    facts: PageFacts
    asked: str
    """The URL asked for."""
    came: str
    """Where the visit ended."""
    repeated: int = 0
    """Other pages of the host that have the same text."""

    @property
    def is_thin(self) -> bool:
        """Whether there is less than any article has."""
        return self.facts.main_words < (HEADED if self.facts.is_article else SHORT)

    @property
    def is_whole(self) -> bool:
        """Whether the text has as many words as its publisher counts."""
        claimed = self.facts.claimed_words or 0
        return claimed > 0 and self.facts.main_words >= WHOLE * claimed

    @property
    def lacks(self) -> bool:
        """Whether the text has far fewer words than its publisher counts. Of HTML alone the text is a guess."""
        facts, claimed = self.facts, self.facts.claimed_words or 0
        certain = facts.rendered or facts.is_free is False or facts.words < claimed
        return certain and facts.main_words < SHARE * claimed and claimed - facts.main_words >= LACKING

    @property
    def cover(self) -> str:
        """What is written on something that hides the page, or the empty string."""
        return self.facts.overlay if self.facts.covered >= COVERED else ""

    def titled(self, word: Verdict, headings: int = 2) -> str:
        """The title, or one of the first headings, that pages of this verdict have, or the empty string.

        In HTML alone the headings of boxes that nobody sees stand between those of the page.
        """
        first = self.facts.headings[: headings if self.facts.rendered else 1]
        return next((one for one in (self.facts.title, *first) if phrases.titled(word, one)), "")

    def says(self, word: Verdict, where: str | None = None) -> str:
        """The first line of the page, or of `where`, that pages of this verdict have, or the empty string."""
        longest = phrases.MESSAGE if where or self.facts.words < BARE else phrases.LINE
        found = phrases.lines(word, self.facts.text if where is None else where, longest)
        return next((" ".join(one.split()) for one in found if word != "paywall" or not _signs_in(one)), "")

    def covered_by(self, word: Verdict, *, known: bool = False) -> str:
        """The reason if what hides the page says what such pages say, or, on one with a known product, nothing else."""
        cover = self.cover
        topics = {one for one in ("paywall", "login", "newsletter") if phrases.speaks_of(one, cover)}
        told = (
            self.says(word, cover)
            or (word == "paywall" and word in topics and "newsletter" not in topics)
            or (word == "login" and _signs_in(cover))
            or (known and not topics - {word})
        )
        return _covers(self) if cover and told else ""

    def led_to(self, place: re.Pattern[str]) -> bool:
        """Whether the way led to such an address from one that is not."""
        return bool(place.search(_place(self.came))) and not place.search(_place(self.asked))


def _signs_in(text: str) -> bool:
    return phrases.speaks_of("login", text) and not phrases.speaks_of("paywall", text)


def _place(url: str) -> str:
    """Host and path; pages may name as theirs what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.hostname}{parts.path}{'?' * bool(parts.query)}".lower() if parts.hostname else ""


def is_home(url: str) -> bool:
    """Whether an address is that of a site's front page."""
    host, _, path = _place(url).partition("/")
    return bool(host) and bool(_HOME.fullmatch(path))


def _challenge(page: Sight) -> str:
    facts = page.facts
    if page.is_thin and facts.challenges:
        return f"It is a page of {' and '.join(facts.challenges)} that tests its visitors, with {_words(facts.words)}."
    if page.is_thin and (title := page.titled("blocked")):
        return f"Its title is “{title}”, and there {_words(facts.main_words, verb=True)} of text."
    line = page.says("blocked")
    if facts.words < BARE and (line or facts.widgets):
        said = f"it says “{line}”" if line else f"it asks for a test by {facts.widgets[0]}"
        return f"The page has {_words(facts.words)}, and {said}."
    if line and facts.main_words < STUB and not facts.is_article:
        return f"It says “{line}”, and there {_words(facts.main_words, verb=True)} of text."
    return page.covered_by("blocked")


def _consent(page: Sight) -> str:
    facts = page.facts
    if page.led_to(_CONSENT):
        return f"The address leads to a page that asks for consent: {page.came}."
    if covers := page.covered_by("consent-wall", known=bool(facts.consents)):
        return covers
    line = page.says("consent-wall")
    if line and page.is_thin and (title := page.titled("consent-wall", 1)):
        return f"Its title is “{title}”, and there {_words(facts.main_words, verb=True)} of text."
    if line and facts.main_words < HEADED and facts.words < STUB:
        return f"The page has {_words(facts.words)}, and it asks for consent: “{line}”."
    return ""


def _login(page: Sight) -> str:
    facts = page.facts
    if facts.login_form and facts.words < SHORT and facts.main_words < HEADED:
        return f"It asks for a password, and there {_words(facts.main_words, verb=True)} of text."
    if page.led_to(_LOGIN) and page.is_thin:
        return f"The address leads to a page for signing in: {page.came}."
    return ""


def _paywall(page: Sight) -> str:
    facts, gate = page.facts, page.says("paywall")
    if page.lacks and (facts.is_free is False or facts.paywalls or gate):
        return f"The text has {_words(facts.main_words)}; the page says that the article has {facts.claimed_words}."
    if covers := page.covered_by("paywall", known=bool(facts.paywalls)):
        return covers
    if page.is_whole:
        return ""
    if gate and facts.main_words < (TEASER if facts.is_free is False or facts.paywalls else STUB):
        return f"After {_words(facts.main_words)} of text it says “{gate}”."
    if facts.is_free is False and facts.main_words < HEADED:
        return f"It is not free by its own account, and there {_words(facts.main_words, verb=True)} of text."
    return ""


def _registration(page: Sight) -> str:
    gate = page.says("login")
    if gate and not page.is_whole and page.facts.main_words < STUB:
        return f"After {_words(page.facts.main_words)} of text it says “{gate}”."
    return page.covered_by("login")


def _not_there(page: Sight) -> str:
    facts = page.facts
    title = page.titled("soft-404")
    twice = (
        title
        and phrases.titled("soft-404", facts.title)
        and any(phrases.titled("soft-404", one) for one in facts.headings)
    )
    if title and (page.is_thin or (twice and not facts.is_article)):
        return f"Its title is “{title}”, though the server answered that all is well."
    if facts.main_words < BARE and facts.words < SHORT and (line := page.says("soft-404")):
        return f"It says “{line}”, though the server answered that all is well."
    if not is_home(page.asked):
        if is_home(page.came):
            return f"The address leads to the front page: {page.came}."
        if facts.canonical and is_home(facts.canonical) and facts.main_words < BARE:
            return f"The page says that it is the front page, and there {_words(facts.main_words, verb=True)} of text."
    return ""


def _repeated(page: Sight) -> str:
    return f"{page.repeated} other pages of this site had the same text." if page.repeated >= REPEATED else ""


def _fault(page: Sight) -> str:
    facts = page.facts
    if page.is_thin and (title := page.titled("error")):
        return f"Its title is “{title}”, though the server answered that all is well."
    if facts.words < BARE and (line := page.says("error")):
        return f"The page has {_words(facts.words)}, and it says “{line}”."
    return ""


def _nothing(page: Sight) -> str:
    facts = page.facts
    if facts.rendered and facts.words < EMPTY and not facts.pictures:
        return f"The page has {_words(facts.words)} and no picture."
    return ""


def _hidden(page: Sight) -> str:
    facts = page.facts
    if not facts.rendered and facts.words < EMPTY and not facts.pictures:
        return f"Without its scripts the page has {_words(facts.words)} and no picture."
    return _covers(page) if page.cover else ""


def _covers(page: Sight) -> str:
    held = ", and the page cannot be scrolled" if page.facts.locked else ""
    written = " ".join(page.facts.overlay[:QUOTED].split())
    return f"Something covers {page.facts.covered:.0%} of the first screen{held}: “{written}”."


def _words(count: int, *, verb: bool = False) -> str:
    return f"{'is ' if count == 1 else 'are '}" * verb + f"{count} word{'s' * (count != 1)}"


RULES: tuple[tuple[Verdict, Callable[[Sight], str]], ...] = (
    ("blocked", _challenge),
    ("consent-wall", _consent),
    ("login", _login),
    ("paywall", _paywall),
    ("login", _registration),
    ("soft-404", _not_there),
    ("error", _fault),
    ("soft-404", _nothing),
    ("partial", _hidden),
    ("soft-404", _repeated),
)
"""In the order in which they are asked; the first with a reason gives the word."""
