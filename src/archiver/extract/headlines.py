"""A headline without the name of the site, which titles of pages carry before or behind it."""

import re
from typing import TYPE_CHECKING

from archiver.extract.texts import fold

if TYPE_CHECKING:
    from archiver.extract.page import Page

_SEPARATOR = re.compile(r"\s+(?:[-–—|│·•»«:/~>]+)\s+|\s*[|│»«]\s*|\s+(?=[(\[])|(?<=[\"”“»!?])\s*[-–—]\s*")
_COLON = re.compile(r":\s+")
_LONG = 5
"""Letters of a site's name from which on it is one at the beginning of other words too."""
_SHORTEST = 8
_CUTS = 12


def without_site(text: str, page: "Page") -> str:
    """`text` without the parts that only name the site.

    What stands above the article as a whole is left as it is. Else it is cut at the first separator where what is
    before it is a heading of the page, or what follows is a name of the site; or where a name of the site leads it.
    """
    headings = {fold(heading) for _, heading in page.headings}
    if fold(text) in headings:
        return text
    cuts = [(text[: cut.start()].strip(), text[cut.end() :].strip()) for cut in _SEPARATOR.finditer(text)][:_CUTS]
    for before, after in cuts:
        if names_site(after, page) or (len(fold(before)) >= _SHORTEST and fold(before) in headings):
            return before if fold(before) else text
    leading = [(text[: cut.start()].strip(), text[cut.end() :].strip()) for cut in _COLON.finditer(text)][:1]
    for before, after in leading + cuts:
        if fold(after) and (
            fold(before) in page.site_names or (len(fold(after)) >= _SHORTEST and fold(after) in headings)
        ):
            return after
    return text


def names_site(part: str, page: "Page") -> bool:
    """Whether these words name the page's site, by its own account or its host's."""
    folded = fold(part)
    return any(
        folded == name
        or (len(name) >= _LONG and (folded.startswith(name) or (name in folded and len(folded) <= 2 * len(name))))
        for name in page.site_names
    )
