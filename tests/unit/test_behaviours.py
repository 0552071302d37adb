"""The words by which behaviours know what to press, and what never to press."""

import json
import re
from importlib.resources import files

from archiver.engines.browser.behave import OWN, words

WORDS = json.loads(words())
UNSPACED = re.compile(r"[\u0E00-\u0E7F\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
NEVER = re.compile(
    "|".join(one if UNSPACED.search(one) else rf"(?<![^\W\d_])(?:{one})" for one in WORDS["never"]), re.IGNORECASE
)


def test_every_language_has_phrases_that_may_be_pressed():
    languages = WORDS["languages"]
    assert len(languages) >= 30
    assert {"en", "uk", "ru", "pl", "da", "de", "fr", "es", "it", "tr", "ar", "he", "fa", "hi", "zh", "ja", "ko"} <= {
        *languages
    }
    for code, kinds in languages.items():
        assert set(kinds) == {"more", "next", "play"}
        assert len(kinds["more"]) >= 3, code
        for phrases in kinds.values():
            assert len(phrases) == len(set(phrases)) > 0, code
            assert [one for one in phrases if one != one.strip() or NEVER.search(one)] == [], code


def test_what_must_not_be_pressed_is_known():
    for label in (
        "Share",
        "Поділитися",
        "Subscribe",
        "Anmelden",
        "Se connecter",
        "Descargar",
        "btn share",
        "いいね",
        "Usuń",
    ):
        assert NEVER.search(label.lower()), label
    for label in ("Mehr anzeigen", "Voters", "Cartoons", "Likelihood of rain", "Designs", "Beliefs"):
        assert not NEVER.search(label.lower()), label


def test_the_readme_names_every_behaviour():
    readme = (files("archiver") / "behaviors" / "README.md").read_text("utf-8")
    assert [name for name in OWN if f"`{name}.js`" not in readme] == []
