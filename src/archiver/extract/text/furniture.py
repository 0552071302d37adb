"""What marks a part of a page as furniture: the words that sites of all sorts name such parts with. Pure."""

import re
from enum import Enum
from itertools import pairwise
from typing import Any

from archiver.extract import words


class Trait(Enum):
    """What an element declares itself to be; the value is the kind of its names in `words.toml`."""

    NAVIGATION = "navigation_parts"
    RELATED = "related_parts"
    SHARING = "sharing_parts"
    COMMENTS = "comment_parts"
    AUTHOR = "author_parts"
    SMALL = "small_parts"
    OFFER = "offer_parts"
    ADVERT = "advert_parts"
    CAPTION = "caption_parts"
    CREDIT = "credit_parts"
    ASIDE = ""


_TRAITS = {word: trait for trait in Trait if trait.value for word in words.listed(trait.value)}
_TAGS = {"nav": Trait.NAVIGATION, "footer": Trait.NAVIGATION, "aside": Trait.ASIDE, "figcaption": Trait.CAPTION}
_TAGS |= {"form": Trait.OFFER}
_ROLES = {"navigation": Trait.NAVIGATION, "contentinfo": Trait.NAVIGATION, "complementary": Trait.ASIDE}
_ABOUT_OTHERS = frozenset(("has", "with", "no", "not", "non", "without", "free", "enabled", "disabled", "hide"))
"""Parts of names that tell what an element holds or lacks (`has-sidebar`, `ad-free`), not what it is."""
_PARTS = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def trait_of(element: Any) -> Trait | None:
    """What the element's tag, role, classes and identifier tell of it."""
    if (found := _TAGS.get(element.tag) or _ROLES.get(element.get("role") or "")) is not None:
        return found
    names = " ".join(filter(None, (element.get(name) for name in ("class", "id", "data-testid", "data-component"))))
    for name in _CAMEL.sub("-", names).lower().split()[:20]:
        parts = _PARTS.findall(name)
        if not _ABOUT_OTHERS.isdisjoint(parts):
            continue
        for word in (*map("-".join, pairwise(parts)), *parts):
            if word in _TRAITS:
                return _TRAITS[word]
    return None


def hides(element: Any) -> bool:
    """Whether an element says itself that it is not shown."""
    if element.get("hidden") is not None or _HIDDEN.search(element.get("style") or ""):
        return True
    return element.get("aria-hidden") == "true" and not any(map(str.isalnum, element.text_content()))  # a mere sign
