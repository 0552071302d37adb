"""Links that make a browser connect or look up a name beforehand, which no Content-Security-Policy forbids.

pywb and wombat.js lead such links into the archive as they do others. What they do not take for a link, and a browser
does, is left: the two read broken markup in different ways. So these words are taken out of whatever looks like
`rel="…"`, wherever it stands, in markup or in a script.
"""

import html
import re

HINTS = frozenset({"preconnect", "dns-prefetch", "prerender"})
LONGEST = 2000
"""Characters of a value; a longer one is ended there and then."""
_REL = re.compile(r"(?<![\w-])rel\s*=\s*", re.I)
_VALUE = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)")
_BEGUN = re.compile(r"rel\s*(?:=\s*)?\Z", re.I)


def without_hints(text: str) -> str:
    """`text` without those words in values of `rel`; other words of the value stay, so that a script is still one."""
    at = 0
    while found := _REL.search(text, at):
        at = found.end()
        value = _VALUE.match(text[at : at + LONGEST])
        if value:
            words = html.unescape(value[1] or value[2] or value[3] or "").lower().split()
            if HINTS.isdisjoint(words):
                continue
            rest = " ".join(word for word in words if word not in HINTS and word.replace("-", "").isalnum())
            end = at + value.end()
        elif len(text) >= at + LONGEST:
            rest, end = "", at + 1
        else:
            continue  # it ends with the text
        quote = text[at] if text[at] in "\"'" else '"'
        text = f"{text[:at]}{quote}{rest}{quote}{text[end:]}"
    return text


class Hints:
    """The same for a text that comes in pieces."""

    def __init__(self) -> None:
        self.held = ""

    def without(self, piece: str, *, last: bool = False) -> str:
        """What can be given out so far; of the `last` piece, all."""
        text = without_hints(self.held + piece)
        cut = len(text) if last else max(0, len(text) - LONGEST - len("rel="))
        if not last and (begun := _BEGUN.search(text)):
            cut = min(cut, begun.start())
        self.held = text[cut:]
        return text[:cut]
