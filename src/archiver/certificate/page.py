"""The certificate as one HTML file that needs nothing else. All that was archived is hostile: it is text in it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from archiver import __version__
from archiver.certificate.commands import Step, steps
from archiver.certificate.facts import Certificate
from archiver.dates import Moment, claimed, instant
from archiver.html import environment
from archiver.verdict.meanings import meaning
from archiver.words import Language, Words

PARTS = {
    "main": "Page as served",
    "view": "Screenshot of the first screen",
    "fullPage": "Screenshot of the whole page",
    "thumbnail": "Small picture",
    "text": "Text of the page",
    "articleText": "Text of the article",
    "pageinfo": "Protocol of the visit",
    "certificates": "TLS certificates",
}
ACCESS = {
    "open": "open to all",
    "reading-room": "for the reading room only",
    "embargo": "under embargo: nobody is shown it before its end",
    "dark": "closed: nobody is shown it",
    "takedown": "taken down: nobody is shown it any more",
}
FIDELITY = {
    "decoded": "as decoded by the browser",
    "entity": "as the server sent them, without transfer coding",
    "wire": "exactly as they came over the wire",
}


def page(certificate: Certificate, language: Language = "en") -> str:
    """The whole file, in that language. Findings, and what was archived, stay in theirs."""
    words = Words.of(language, Path(__file__).parent)
    template = environment(Path(__file__).parent / "templates").get_template("certificate.html")
    sidecar = certificate.account.sidecar
    capture = sidecar.document["capture"]
    article = sidecar.article
    return template.render(
        certificate=certificate,
        sidecar=sidecar,
        capture=_Members(capture),
        title=sidecar.headline or sidecar.final_url,
        captured=_instant(sidecar.captured_at),
        published=claimed(_text(article.get("datePublished"))),
        modified=claimed(_text(article.get("dateModified"))),
        authors=_names(article.get("author")),
        publisher=_names(article.get("publisher")),
        language=_text(article.get("inLanguage")),
        tls=_Members(capture.get("tls")),
        agents=[_Members(one) for one in capture.get("agents", [])],
        meaning=words.say(meaning(sidecar.verdict)),
        fidelity=words.say(FIDELITY.get(str(capture["fidelity"]), "")),
        names={name: words.say(one) for name, one in PARTS.items()},
        access=words.say(ACCESS[certificate.access.kind]),
        since=_instant(certificate.access.since),
        until=_instant(certificate.access.until),
        steps=[_told(step, words) for step in steps(certificate)],
        software=f"archiver {__version__}",
        made=instant(certificate.made_at),
        _=words.say,
        date=words.date,
        language_of_page=language,
    )


def _told(step: Step, words: Words) -> Step:
    what, expect = (words.say(one).replace("{about}", step.about) for one in (step.what, step.expect))
    return replace(step, what=what, expect=expect)


def _instant(value: str) -> Moment:
    """Also of a sidecar that was never judged."""
    try:
        return instant(value)
    except ValueError:
        return Moment(value, "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


class _Members(dict[str, Any]):
    """What a sidecar tells of something; what it does not tell is empty."""

    def __init__(self, value: Any) -> None:
        super().__init__(value if isinstance(value, dict) else {})

    def __missing__(self, name: str) -> str:
        return ""


def _names(value: Any) -> str:
    """Names of one or several people or organizations."""
    several = value if isinstance(value, list) else [value]
    return ", ".join(str(one["name"]) for one in several if isinstance(one, dict) and one.get("name"))
