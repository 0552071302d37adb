"""Whether a text can be in the language that it is said to be in, by the letters it is written with."""

import re

_ENOUGH = 12
"""Letters from which on a text can be judged."""
_SCRIPTS = {
    "Cyrillic": ("be bg kk ky mk ru tg uk", "\u0400-\u052f"),
    "Greek": ("el", "\u0370-\u03ff\u1f00-\u1fff"),
    "Hebrew": ("he yi", "\u0590-\u05ff\ufb1d-\ufb4f"),
    "Arabic": ("ar ckb fa ps ur", "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefe"),
    "Devanagari": ("hi mr ne", "\u0900-\u097f"),
    "Thai": ("th", "\u0e00-\u0e7f"),
    "Georgian": ("ka", "\u10a0-\u10ff\u1c90-\u1cbf"),
    "Armenian": ("hy", "\u0530-\u058f"),
    "Korean": ("ko", "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af\u4e00-\u9fff"),
    "Chinese or Japanese": ("ja yue zh", "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"),
    "Latin": (
        "ca cs cy da de en es et eu fi fr ga gl hr hu id is it lt lv ms mt nb nl nn no pl pt ro sk sl sq sv tr vi",
        "A-Za-z\u00aa-\u024f\u1e00-\u1eff",
    ),
}
"""Script → the languages written in it alone, and its letters. Languages of several scripts are left out."""
_LETTERS = {
    language: (script, re.compile(f"[{letters}]"))
    for script, (languages, letters) in _SCRIPTS.items()
    for language in languages.split()
}
_LETTER = re.compile(r"[^\W\d_]")
_OWN = {"uk": (re.compile("[іїєґІЇЄҐ]"), "ru"), "ru": (re.compile("[ыэъёЫЭЪЁ]"), "uk")}
"""Language → letters that its neighbour does not have, and the neighbour."""


def contradiction(language: str, text: str) -> str:
    """Why `text` is hardly in `language` (BCP 47); empty when it may be, or too little is known."""
    primary, *subtags = language.lower().split("-")
    if primary not in _LETTERS or any(len(subtag) == 4 for subtag in subtags):  # a script of its own is told
        return ""
    script, letters = _LETTERS[primary]
    written = len(_LETTER.findall(text))
    if written < _ENOUGH:
        return ""
    if len(letters.findall(text)) < 0.3 * written:
        return f"hardly a letter of the headline and the summary is {script}"
    own, neighbour = _OWN.get(primary, (None, ""))
    if own and len(_OWN[neighbour][0].findall(text)) > 1 and not own.search(text):
        return f"the headline and the summary have letters of {neighbour}"
    return ""
