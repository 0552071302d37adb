"""What the verdicts mean, for people."""

from archiver.model import Verdict

VERDICTS: dict[Verdict, str] = {
    "ok": "The article was captured; nothing that its site served is known to be missing.",
    "partial": "The article was captured, but something that its site served was not recorded.",
    "blocked": "The site refused the visit: this is its refusal, not the article.",
    "consent-wall": "A question for consent stood before the article.",
    "paywall": "Only what is shown without a subscription was captured.",
    "login": "The site asked for an account: this is its login page, not the article.",
    "soft-404": "The site said that all was well, but showed that there is no such page.",
    "not-found": "The site said that there is no such page.",
    "error": "The site answered with an error.",
    "offline": "The site could not be reached.",
}
"""What each verdict means, for people."""


def meaning(verdict: str) -> str:
    """A verdict in a sentence."""
    return next((text for word, text in VERDICTS.items() if word == verdict), "")
