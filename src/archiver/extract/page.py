"""The page that the voices read: hostile bytes made into text and a tree, never failing."""

import codecs
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import lxml.etree
import lxml.html

from archiver.extract import jsonld
from archiver.extract.nearby import Nearby
from archiver.extract.texts import clean, fold

if TYPE_CHECKING:
    from archiver.extract.text import ArticleText

_HEADINGS = 40
_LABEL = 4
"""Letters from which on a part of a host's name is taken for the site's."""
_SITE = (
    "//meta[@property='og:site_name' or @name='og:site_name' or @name='application-name' or @name='twitter:site'"
    " or @name='apple-mobile-web-app-title' or @name='publisher' or @name='dc.publisher']/@content"
)
MAX_BYTES = 20 << 20
"""What is longer is cut: no article is, and parsers are not made for it."""
_HEAD_BYTES = 4096
_DECLARED = re.compile(rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_STEERING = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML cannot hold (XML 1.0 §2.2); libraries that make XML of pages break at it."""
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
"""Labels that browsers read as a larger set (WHATWG Encoding, §4.2)."""
_BROWSERS = re.compile(
    r"(utf-8|cp125\d|cp8(66|74)|iso8859-\d+|koi8-[ru]|mac-(roman|cyrillic)|gb18030|big5hkscs|euc_jp|iso2022_jp|cp9(32|49))\Z"
)


def decode(content: bytes, charset: str | None) -> str:
    """The text of an HTML page, found as browsers find it: mark, HTTP header, `<meta>`; then by looking at it."""
    content = content[:MAX_BYTES]
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    declared = _DECLARED.search(content[:_HEAD_BYTES])
    for label in (charset, declared and declared[1].decode("ascii")):
        if label and (encoding := _encoding(label)):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(_guess(content), "replace")


def _encoding(label: str) -> str:
    """Python's name for a charset label that browsers know, else the empty string."""
    try:
        name = codecs.lookup(label.strip().strip("\"'")).name
    except (LookupError, ValueError):
        return ""
    if name.startswith("utf-16"):
        return "utf-8"  # a page whose ASCII `<meta>` could be read is not UTF-16 (WHATWG HTML §13.2.3.2)
    name = _SUPERSETS.get(name, name)
    return name if _BROWSERS.match(name) else ""


def _guess(content: bytes) -> str:
    from trafilatura.utils import detect_encoding

    return next((found for label in detect_encoding(content) if (found := _encoding(label))), "cp1252")


def parse(text: str) -> lxml.html.HtmlElement:
    """A tree for any text at all; an empty one if there is nothing in it."""
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    content = _STEERING.sub("", text.replace("\f", " ")).encode("utf-8", "replace")
    try:
        return lxml.html.document_fromstring(content, parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError):
        return lxml.html.document_fromstring(b"<html><body></body></html>", parser=parser)


@dataclass(frozen=True)
class Page:
    """An HTML page at its address."""

    text: str
    url: str
    """Absolute; what relative addresses on the page lead from, unless the page names another base."""

    @cached_property
    def tree(self) -> lxml.html.HtmlElement:
        """The parsed page. Voices do not change it."""
        return parse(self.text)

    @cached_property
    def base(self) -> str:
        """What relative addresses lead from."""
        return join(self.url, next(iter(self.tree.xpath("//base/@href")), "")) or self.url

    @cached_property
    def canonical(self) -> str:
        """The address that the page gives itself, or its own."""
        named = self.tree.xpath("//link[@rel='canonical']/@href | //meta[@property='og:url']/@content")
        return next((found for name in named if (found := join(self.base, name))), self.url)

    @cached_property
    def article(self) -> "ArticleText":
        """The text of its article."""
        from archiver.extract.text.choosing import chosen

        return chosen(self)

    @cached_property
    def is_list(self) -> bool:
        """Whether it is but a list of stories, each of which has a page of its own."""
        from archiver.extract.stories import is_list

        return is_list(self)

    @cached_property
    def nearby(self) -> Nearby:
        """The neighbourhood of its headline."""
        return Nearby(self)

    @cached_property
    def linked(self) -> list[jsonld.Item]:
        """The items of its JSON-LD that stand for themselves."""
        return list(jsonld.items(self.tree))

    @cached_property
    def headings(self) -> list[tuple[lxml.html.HtmlElement, str]]:
        """Its headings of the first three ranks, with their texts."""
        found = self.tree.xpath("//h1 | //h2 | //h3")[:_HEADINGS]
        return [(one, text) for one in found if (text := clean(one.text_content()))]

    @cached_property
    def titles(self) -> list[str]:
        """What it calls itself for links to it and in its tab."""
        named = self.tree.xpath("//meta[@property='og:title']/@content | //head/title/text() | //body/title/text()")
        return [text for one in named[:4] if (text := clean(one))]

    @cached_property
    def all_titles(self) -> list[str]:
        """These, and its headings of the first rank."""
        return [*self.titles, *(text for one, text in self.headings if one.tag == "h1")][:10]

    @cached_property
    def site_names(self) -> frozenset[str]:
        """Names by which its site goes, folded: by its own account, and those in its host's name."""
        names = [clean(name).lstrip("@") for name in self.tree.xpath(_SITE)[:20]]
        for _, item in self.linked[:200]:
            kinds = str(item.get("@type"))
            about = item if "Organization" in kinds or "WebSite" in kinds else item.get("publisher")
            names += [clean(about.get(key)) for key in ("name", "alternateName")] if isinstance(about, dict) else []
        host = (urlsplit(self.url).hostname or "").removeprefix("www.")
        labels = host.split(".")
        names += [host, *(label for label in labels[:-1] if len(label) >= _LABEL)]
        return frozenset(folded for name in names if (folded := fold(name)))

    def same(self, address: object) -> bool:
        """Whether `address` means this page: host and path agree with its address or its canonical one."""
        other = _place(join(self.base, address) if isinstance(address, str) else "")
        return bool(other) and other in (_place(self.url), _place(self.canonical))


def join(base: str, address: str) -> str:
    """`address` made absolute, or the empty string if that gives no web address."""
    try:
        joined = urljoin(base, re.sub(r"\s", "", address))
        parts = urlsplit(joined)
    except ValueError:
        return ""
    return joined if parts.scheme in ("http", "https") and parts.hostname else ""


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}?{parts.query}" if url else ""
