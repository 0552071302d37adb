"""What a page needs to be seen: the addresses of its images, styles, scripts, frames and media, without running it."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple
from urllib.parse import urljoin

import webencodings
from lxml import etree

from archiver.engines.guard import check_url
from archiver.errors import InvalidURL

Kind = Literal["document", "stylesheet", "script", "image", "font", "media", "texttrack", "manifest", "other"]

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
CSS_TYPES = frozenset({"text/css"})


class Requisite(NamedTuple):
    """Something that a document refers to in order to be shown."""

    url: str
    """Absolute http(s) URL in the normal form of `guard.check_url`."""
    kind: Kind
    """What the document takes it for."""


_URLS: dict[tuple[str, str], Kind] = {
    ("img", "src"): "image",
    ("image", "href"): "image",
    ("image", "xlink:href"): "image",
    ("feimage", "href"): "image",
    ("feimage", "xlink:href"): "image",
    ("use", "href"): "image",
    ("use", "xlink:href"): "image",
    ("video", "poster"): "image",
    ("video", "src"): "media",
    ("audio", "src"): "media",
    ("source", "src"): "media",
    ("embed", "src"): "other",
    ("object", "data"): "other",
    ("track", "src"): "texttrack",
    ("script", "src"): "script",
    ("iframe", "src"): "document",
    ("frame", "src"): "document",
    ("body", "background"): "image",
    ("table", "background"): "image",
    ("td", "background"): "image",
}
_URLS |= {
    (tag, lazy): _URLS[tag, "src"]
    for tag in ("img", "video", "audio", "source", "iframe", "embed")
    for lazy in ("data-src", "data-lazy-src", "data-original")
}

_ANYWHERE: dict[str, Kind] = dict.fromkeys(
    ("data-bg", "data-background", "data-background-image", "data-poster"), "image"
)
_SETS = frozenset({"srcset", "imagesrcset", "data-srcset", "data-lazy-srcset"})

_RELATIONS: dict[str, Kind] = {
    "stylesheet": "stylesheet",
    "icon": "image",
    "apple-touch-icon": "image",
    "apple-touch-icon-precomposed": "image",
    "mask-icon": "image",
    "image_src": "image",
    "manifest": "manifest",
    "modulepreload": "script",
}
_PRELOADED: dict[str, Kind] = {
    "style": "stylesheet",
    "script": "script",
    "image": "image",
    "font": "font",
    "track": "texttrack",
    "video": "media",
    "audio": "media",
}
_CARDS = frozenset({"og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"})

_META_CHARSET = re.compile(rb"""<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([\w:.-]+)""", re.IGNORECASE)
_CSS_CHARSET = re.compile(rb'@charset "([^"]*)";')
_CANDIDATE = re.compile(r"[\s,]*+(\S++)((?:[^,(]|\([^)]*+\)?)*+)")

_CSS = re.compile(
    r"""
      (?: [\s:,.>#*+~=%!&|^$<?`\[\]]++ | [\w-]++(?![(\\]) )++
    | /\*.*?(?:\*/|\Z)
    | (?P<string> "(?:[^"\\\n]|\\.)*+ | '(?:[^'\\\n]|\\.)*+ )["']?
    | (?P<rule> @[\w-]++ )
    | (?P<open> (?<![\w-]) (?: (?:-webkit-)? image-set\( | src\( | URL\((?=\s*+["']) ) | \( )
    | (?<![\w-]) URL\( \s*+ (?:
          (?P<bare> (?: [^"'()\\\s\x00-\x08\x0b\x0e-\x1f\x7f] | \\[0-9a-f]{1,6}\s? | \\. )*+ ) \s*+ (?:\)|\Z)
        | (?:[^)\\]|\\.)*+ )
    | [\w-]++
    | (?P<close> \) )
    | (?P<end> [{};] )
    """.replace("URL", r"(?:\\?u|\\0{0,4}[57]5\s?)(?:\\?r|\\0{0,4}[57]2\s?)(?:\\?l|\\0{0,4}[46]c\s?)"),
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
"""The tokens of CSS Syntax 3 §4 that matter here; possessive throughout, so that it is linear in any input.
(A full tokenizer in Python reads 0.7 MB/s; a page's style sheets would cost more than all else.)"""
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(\n)|(.?))", re.IGNORECASE | re.DOTALL)
_RULES: dict[str, Kind] = {"@import": "stylesheet", "@font-face": "font"}
_NO_RESOURCE = frozenset({"@namespace", "@document", "@-moz-document"})


def find_requisites(body: bytes, media_type: str, charset: str | None, base_url: str) -> list[Requisite]:
    """The requisites of an HTML or CSS document, each URL once, in order; of other media types none.

    `body` has no content coding; `charset` is that of the Content-Type field. Whatever cannot be read is left out.
    """
    if media_type in HTML_TYPES:
        found = _in_html(_decode(body, charset, _META_CHARSET), base_url)
    elif media_type in CSS_TYPES:
        found = _resolved(_in_css(_decode(body, charset, _CSS_CHARSET)), base_url)
    else:
        return []
    kinds: dict[str, Kind] = {}
    for url, kind in found:
        kinds.setdefault(url, kind)
    return [Requisite(url, kind) for url, kind in kinds.items()]


def _decode(body: bytes, charset: str | None, declaration: re.Pattern[bytes]) -> str:
    """As browsers do: byte order mark, Content-Type, declaration in the first kilobyte, UTF-8 if it is, else Latin."""
    declared = declaration.search(body[:1024])
    inside = declared[1].decode("ascii", "replace") if declared else ""
    if "utf-16" in inside.lower():
        inside = "utf-8"  # it was just read as ASCII
    for label in (charset or "", inside):
        if encoding := webencodings.lookup(label):
            return str(webencodings.decode(body, encoding)[0])
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return str(webencodings.decode(body, "windows-1252")[0])


def _resolved(found: Iterable[Requisite], base: str) -> Iterator[Requisite]:
    for reference, kind in dict.fromkeys(found):
        text = re.sub(r"[\t\r\n]", "", reference).strip()
        if not text or text.startswith("#"):
            continue
        address, mark, query = text.partition("?")
        try:
            yield Requisite(check_url(urljoin(base, address.replace("\\", "/") + mark + query)), kind)
        except (InvalidURL, ValueError):
            continue


def _in_html(text: str, base: str, *, inner: bool = False) -> Iterator[Requisite]:
    # A NUL or a lone surrogate would end the parser's reading, and with it what follows.
    content = text.replace("\0", "\ufffd").encode("utf-8", "replace")
    root = etree.fromstring(content, etree.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True))
    if root is None:
        return
    if (element := root.find(".//base[@href]")) is not None:
        given = Requisite(element.get("href", ""), "document")
        base = next(_resolved([given], base), Requisite(base, "document")).url
    yield from _resolved(_of_elements(root), base)
    for frame in [] if inner else root.iterfind(".//iframe[@srcdoc]"):
        yield from _in_html(frame.get("srcdoc", ""), base, inner=True)


def _of_elements(root: etree._Element) -> Iterator[Requisite]:
    for element in root.iter("*"):
        if element.keys() or element.tag == "style":
            yield from _of_element(element)


def _of_element(element: etree._Element) -> Iterator[Requisite]:
    tag = str(element.tag).lower()
    if tag == "link":
        yield from _of_link(element)
    elif tag == "meta" and (element.get("property") or element.get("name") or "").lower() in _CARDS:
        yield Requisite(element.get("content", ""), "image")
    elif tag == "input" and element.get("type", "").lower() == "image":
        yield Requisite(element.get("src", ""), "image")
    elif tag == "style":
        yield from _in_css(element.text or "")
    for name, value in element.items():
        if kind := _URLS.get((tag, str(name))) or _ANYWHERE.get(str(name)):
            yield Requisite(str(value), kind)
        elif name in _SETS:
            yield from (Requisite(url, "image") for url in _candidates(str(value)))
        elif name == "style":
            yield from _in_css(str(value))


def _of_link(element: etree._Element) -> Iterator[Requisite]:
    relations = element.get("rel", "").lower().split()
    kinds = [_RELATIONS[relation] for relation in relations if relation in _RELATIONS]
    if "preload" in relations:
        kinds.append(_PRELOADED.get(element.get("as", "").lower(), "other"))
    if kinds:
        yield Requisite(element.get("href", ""), kinds[0])


def _candidates(srcset: str) -> Iterator[str]:
    """The URLs of a `srcset` (HTML §4.8.4.2.2): they may hold commas, but not end with one."""
    place = 0
    while match := _CANDIDATE.match(srcset, place):
        url = match[1]
        place = match.end(1) if url.endswith(",") else match.end()
        yield url.rstrip(",")


def _in_css(text: str) -> Iterator[Requisite]:
    """`url()`, `src()`, `image-set()` and `@import` of a style sheet or of its part; comments and other strings not."""
    rule = ""  # the at-rule that we are in
    taken: list[bool] = []  # for each open bracket, whether strings in it are URLs
    for token in _CSS.finditer(re.sub("\r\n?|\f", "\n", text)):
        kind, text = token.lastgroup or "", token[token.lastgroup or 0]
        if kind == "string" and (taken[-1] if taken else rule == "@import"):
            yield Requisite(_unescape(text[1:]), _RULES.get(rule, "image"))
        elif kind == "bare" and rule not in _NO_RESOURCE:
            yield Requisite(_unescape(text), _RULES.get(rule, "image"))
        elif kind == "rule":
            rule = text.lower()
        elif kind == "open":
            taken.append(text != "(" and rule not in _NO_RESOURCE)
        elif kind == "close":
            del taken[-1:]
        elif kind == "end" and (text == "}" or rule != "@font-face"):
            rule = ""


def _unescape(text: str) -> str:
    """CSS Syntax 3 §4.3.7."""

    def character(match: re.Match[str]) -> str:
        if not match[1]:
            return match[3] or ""
        point = int(match[1], 16)
        return chr(point) if 0 < point < 0x110000 and not 0xD800 <= point < 0xE000 else "\ufffd"

    return _ESCAPE.sub(character, text)
