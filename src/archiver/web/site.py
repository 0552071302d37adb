"""What all pages share: the root, the replay host, the reader, the templates and the words in the reader's language."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from archiver.access import Reader
from archiver.catalogue.shelves import Shelves
from archiver.dates import claimed
from archiver.html import environment
from archiver.qa.report import PAGES, vocabulary
from archiver.qa.wording import speaking
from archiver.verdict.meanings import meaning
from archiver.web.assets import Assets
from archiver.web.language import NAMES, here, language_of
from archiver.words import LANGUAGES, Words

HERE = Path(__file__).parent
SANDBOX = "allow-scripts allow-forms allow-same-origin"
"""What the frame of a replayed page may do; see the design, replay isolation."""


class Site:
    """One root as it is shown to readers. Every module of pages has `routes(site)`."""

    def __init__(self, root: Path, *, app: str, replay: str, reader: Reader) -> None:
        """`app` and `replay` are the two servers' http://host:port."""
        self.root = root
        self.app = app
        self.replay = replay
        self.reader = reader
        self.shelves = Shelves(reader)
        self.assets = Assets()
        self.templates = environment(HERE / "templates", PAGES)
        self.templates.globals["asset"] = self.assets.address
        self.templates.globals.update(vocabulary(), sandbox=SANDBOX, claimed=claimed, languages=NAMES, logout=False)
        self.words = {language: Words.of(language, PAGES, HERE / "words") for language in LANGUAGES}

    def render(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """A page in the reader's language. `speaking` and `meaning` say what templates say."""
        language = language_of(request)
        words = self.words[language]
        page = self.templates.get_template(template).render(
            language=language,
            **speaking(words),
            meaning=lambda word: words.say(meaning(word)),
            here=here(request),
            **values,
        )
        headers = {"Content-Language": language, "Vary": "Cookie, Accept-Language"}
        return HTMLResponse(page, status, headers)
