"""What marks a part of a page as furniture: the words that sites of all sorts name such parts with. Pure."""

import re
from enum import Enum
from itertools import pairwise
from typing import Any


class Trait(Enum):
    """What an element declares itself to be."""

    NAVIGATION = "menus, breadcrumbs, footers, tags"
    RELATED = "other stories"
    ASIDE = "beside the text"
    SHARING = "buttons to share, print, save, follow"
    COMMENTS = "comments of readers"
    AUTHOR = "who wrote it"
    DATE = "when, how long, in small print"
    OFFER = "newsletters, memberships, shops, consent"
    ADVERT = "advertisements"
    CAPTION = "under a picture"
    CREDIT = "who took the picture"


_NAMES = {
    Trait.NAVIGATION: "nav navbar navigation menu breadcrumb breadcrumbs footer pagination pager tags taglist tag-list "
    "keywords topics toc skip-link sitemap",
    Trait.RELATED: "related recommended recommendation recommendations readmore read-more read-next read-also "
    "more-from also-read see-also teaser teasers trending popular latest mostread most-read sidebar carousel "
    "promo promos outbrain taboola similar upnext up-next onward verwandt verwandte",
    Trait.SHARING: "share sharing shares sharebar sharedaddy social socials addthis addtoany print follow "
    "like likes rating",
    Trait.COMMENTS: "comment comments respond disqus reply replies kommentare commentaires",
    Trait.AUTHOR: "author authors byline bylines bio biography about-author autor autoren auteur signature writer",
    Trait.DATE: "date dateline timestamp published pubdate datetime updated meta metadata postmeta entry-meta "
    "post-meta fine fineprint fine-print smallprint small-print wordcount word-count reading-time readtime",
    Trait.OFFER: "newsletter subscribe subscription signup sign-up membership donate donation paywall cookie cookies "
    "consent gdpr banner promotion cta shop donation app-promo",
    Trait.ADVERT: "ad ads advert advertisement advertising adbox adsense sponsor sponsored sponsors dfp anzeige",
    Trait.CAPTION: "caption captions wp-caption-text figcaption bildunterschrift legende",
    Trait.CREDIT: "credit credits photo-credit image-credit copyright photographer",
}
_TRAITS = {word: trait for trait, names in _NAMES.items() for word in names.split()}
_TAGS = {"nav": Trait.NAVIGATION, "footer": Trait.NAVIGATION, "aside": Trait.ASIDE, "figcaption": Trait.CAPTION}
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
