"""What a page needs to be seen."""

import time

import pytest
import tinycss2
import webencodings.labels
from hypothesis import example, given
from hypothesis import strategies as st

from archiver.engines.http.requisites import Requisite, find_requisites

BASE = "https://news.example/2026/article.html"
ROOT = "https://news.example/2026/"


def in_html(markup, *, charset="utf-8", base=BASE):
    return find_requisites(markup.encode(), "text/html", charset, base)


def in_css(text, base=BASE):
    return find_requisites(text.encode(), "text/css", None, base)


def short(found):
    return [(url.removeprefix(ROOT), kind) for url, kind in found]


ELEMENTS = {
    '<img src="a.jpg">': [("a.jpg", "image")],
    "<IMG SRC=a.jpg>": [("a.jpg", "image")],
    '<img srcset="a.jpg, b,c.jpg 2x,d.jpg 100w" sizes="(max-width: 3em) 1px">': [
        ("a.jpg", "image"),
        ("b,c.jpg", "image"),
        ("d.jpg", "image"),
    ],
    '<img srcset=" , a.jpg (x, y) 2x , b.jpg,">': [("a.jpg", "image"), ("b.jpg", "image")],
    '<picture><source srcset="a.avif 1x"><img src="b.jpg"></picture>': [("a.avif", "image"), ("b.jpg", "image")],
    '<img data-src="a.jpg" data-srcset="b.jpg 2x" src="data:,">': [("a.jpg", "image"), ("b.jpg", "image")],
    '<noscript><img src="a.jpg"></noscript>': [("a.jpg", "image")],
    '<video src="v.mp4" poster="p.jpg"><source src="w.webm"><track src="t.vtt"></video>': [
        ("v.mp4", "media"),
        ("p.jpg", "image"),
        ("w.webm", "media"),
        ("t.vtt", "texttrack"),
    ],
    '<audio src="a.ogg"></audio>': [("a.ogg", "media")],
    '<link rel="stylesheet" href="s.css">': [("s.css", "stylesheet")],
    '<link rel="Shortcut ICON" href="f.ico">': [("f.ico", "image")],
    '<link rel="preload" as="font" href="f.woff2">': [("f.woff2", "font")],
    '<link rel="preload" as="image" href="a.jpg" imagesrcset="b.jpg 2x">': [("b.jpg", "image"), ("a.jpg", "image")],
    '<link rel="modulepreload" href="m.js">': [("m.js", "script")],
    '<link rel="manifest" href="m.json">': [("m.json", "manifest")],
    '<link rel="canonical" href="c.html"><link rel="next" href="n.html"><link rel="dns-prefetch" href="//x">': [],
    '<script src="s.js"></script>': [("s.js", "script")],
    '<iframe src="f.html"></iframe><embed src="e.swf"><object data="o.pdf"></object>': [
        ("f.html", "document"),
        ("e.swf", "other"),
        ("o.pdf", "other"),
    ],
    '<iframe srcdoc="&lt;img src=a.jpg&gt;"></iframe>': [("a.jpg", "image")],
    '<p style="background: url(&quot;a.jpg&quot;)">': [("a.jpg", "image")],
    "<style>@import 'a.css'; p { background: url(b.jpg) }</style>": [("a.css", "stylesheet"), ("b.jpg", "image")],
    '<meta property="og:image" content="a.jpg"><meta name="twitter:image" content="b.jpg">': [
        ("a.jpg", "image"),
        ("b.jpg", "image"),
    ],
    '<meta http-equiv="refresh" content="0; url=elsewhere.html">': [],
    '<input type="image" src="a.jpg"><input type="text" src="b.jpg">': [("a.jpg", "image")],
    '<svg><image href="a.jpg"/><use xlink:href="s.svg#i"/><use href="#local"/></svg>': [
        ("a.jpg", "image"),
        ("s.svg", "image"),
    ],
    '<a href="other.html"><form action="send"></form></a>': [],
    '<!-- <img src="a.jpg"> --><img src="b.jpg">': [("b.jpg", "image")],
    '<img src="  a\n.jpg#x "><img src="a.jpg"><img src="#"><img src="">': [("a.jpg", "image")],
    '<img src="javascript:1"><img src="blob:x"><img src="http://["><img src="ftp://x/y"><img src="//:0/">': [],
    '<img src="\\a.jpg">': [("https://news.example/a.jpg", "image")],
    '<img src="a.jpg" alt="\0"><img src="b.jpg">': [("a.jpg", "image"), ("b.jpg", "image")],
    "": [],
    "\0": [],
}


@pytest.mark.parametrize(("markup", "found"), ELEMENTS.items())
def test_html(markup, found):
    assert sorted(short(in_html(markup))) == sorted(found)


def test_order_and_absolute_addresses():
    markup = '<img src="//cdn.example/z.png"><img src="/a.png"><img src="../b.png?x=1&amp;y=2">'
    assert [url for url, _ in in_html(markup)] == [
        "https://cdn.example/z.png",
        "https://news.example/a.png",
        "https://news.example/b.png?x=1&y=2",
    ]


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/static/", "https://news.example/static/a.jpg"),
        ("//cdn.example/x/y", "https://cdn.example/x/a.jpg"),
        ("javascript:1", ROOT + "a.jpg"),
        ("http://[", ROOT + "a.jpg"),
    ],
)
def test_the_first_base_counts(href, url):
    markup = f'<head><base target="_top"><base href="{href}"><base href="/other/"><img src="a.jpg">'
    assert in_html(markup) == [Requisite(url, "image")]


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ('<img src="їжак.jpg">'.encode("windows-1251"), "windows-1251"),
        ('<img src="їжак.jpg">'.encode("koi8-u"), "KOI8-U"),
        ('<meta charset="windows-1251"><img src="їжак.jpg">'.encode("windows-1251"), None),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><img src="їжак.jpg">'.encode(
                "windows-1251"
            ),
            "no-such-charset",
        ),
        ('<meta charset="utf-16"><img src="їжак.jpg">'.encode(), None),
        ('<img src="їжак.jpg">'.encode("utf-16"), None),
        ('<img src="їжак.jpg">'.encode("utf-8-sig"), "windows-1251"),
        ('<img src="їжак.jpg">'.encode(), None),
    ],
)
def test_addresses_are_read_in_the_documents_encoding(body, charset):
    assert find_requisites(body, "text/html", charset, BASE) == [
        Requisite(ROOT + "%D1%97%D0%B6%D0%B0%D0%BA.jpg", "image")
    ]


@pytest.mark.parametrize("label", [*webencodings.labels.LABELS, "rot13", "zip", "punycode", "\x00", "ї"])
def test_no_encoding_is_an_accident(label):
    find_requisites(b'<img src="a.jpg">\xff\xfe\x80\x1b$', "text/html", label, BASE)


STYLES = {
    "a{b:url(x.png)}": [("x.png", "image")],
    "a{b:url( \"x.png\" ), url('y.png')}": [("x.png", "image"), ("y.png", "image")],
    "a{b:URL(x.png)}": [("x.png", "image")],
    "a{b:u\\72 l(x.png); c:\\75rl('y.png')}": [("x.png", "image"), ("y.png", "image")],
    "a{b:url(x\\).png) url('y\\'.png') url(\\7a .png)}": [
        ("x).png", "image"),
        ("y'.png", "image"),
        ("z.png", "image"),
    ],
    'a{b:url("x\\\ny.png")}': [("xy.png", "image")],
    "@import 'a.css'; @import url(b.css) screen; @IMPORT url('c.css') supports(content: 'no');": [
        ("a.css", "stylesheet"),
        ("b.css", "stylesheet"),
        ("c.css", "stylesheet"),
    ],
    "@import/* 'no.css' */'a.css';": [("a.css", "stylesheet")],
    "@namespace svg url(http://www.w3.org/2000/svg); @namespace 'x'; a{b:url(x.png)}": [("x.png", "image")],
    "@font-face{font-family: f; src:local('no'), url(f.woff2) format('woff2')} a{b:url(x.png)}": [
        ("f.woff2", "font"),
        ("x.png", "image"),
    ],
    "a{b:image-set('x.png' type('image/png') 1x, url(y.png) 2x)}": [("x.png", "image"), ("y.png", "image")],
    "/* url(no.png) */ a{content:'url(no.png) /*'; b:url(x.png)} /* url(no.png)": [("x.png", "image")],
    "a{b:myurl(no.png) my-url(no.png) attr(x) url() url('')}": [],
    "a{b:url(no no.png) url(x.png)}": [("x.png", "image")],
    "a{b:url(data:image/png;base64,AA==) url(#frag) url(x.svg#frag)}": [("x.svg", "image")],
    "@media (min-width: 1px){a{b:url(x.png)}}": [("x.png", "image")],
    "a{b:url(x.png": [("x.png", "image")],
    "": [],
}


@pytest.mark.parametrize(("text", "found"), STYLES.items())
def test_css(text, found):
    assert short(in_css(text)) == found


def test_css_in_its_own_charset():
    body = '@charset "windows-1251"; a{b:url(їжак.png)}'.encode("windows-1251")
    assert find_requisites(body, "text/css", None, BASE)[0].url == ROOT + "%D1%97%D0%B6%D0%B0%D0%BA.png"


def by_full_parser(text):
    """All URLs of a style sheet as a whole CSS parser sees them."""
    found, todo = [], list(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True))
    while todo:
        node = todo.pop(0)
        if node.type == "url":
            found.append(node.value)
        elif node.type == "function" and node.lower_name == "url":
            found += [inner.value for inner in node.arguments if inner.type == "string"]
            continue
        for part in ("content", "arguments", "prelude"):
            todo += getattr(node, part, None) or []
    return sorted({url for url in found if url})


names = st.text("abz09-_.é", min_size=1, max_size=6).map(lambda name: f"x{name}")
urls = st.one_of(
    names.map("url({})".format),
    names.map("url( '{}' )".format),
    names.map('URL("{}")'.format),
    names.map("url(\\78{})".format).filter(lambda text: text[7] not in "0123456789abcdef"),
    names.map("url(\\78 {})".format),
    names.map("/* url({}) */".format),
    names.map("'url({}) \\' url('".format),
    st.sampled_from(["red", "1px", "calc(1px + (2px))", "myurl(no)", "#fff", "rgb(1,2,3)", "url()", '"{;}"']),
)
sheets = st.lists(st.lists(urls, max_size=4).map(lambda values: "p:hover{a:" + " ".join(values) + "}")).map("".join)


@given(sheets)
@example("a{b:url(x)}")
def test_the_scanner_agrees_with_a_whole_css_parser(text):
    expected = find_requisites(
        "".join(f'<img src="{url}">' for url in by_full_parser(text)).encode(), "text/html", "utf-8", BASE
    )
    assert {url for url, _ in in_css(text)} == {url for url, _ in expected}


@given(st.binary(max_size=300), st.sampled_from(["text/html", "text/css"]))
@example(b"<svg><style><![CDATA[ a{b:url(x)} ]]></style>", "text/html")
@example(b"<?xml version='1.0' encoding='utf-16'?><html>", "text/html")
@example(b"<img src=http://[::1>", "text/html")
def test_no_bytes_are_an_accident(body, media_type):
    for url, _ in find_requisites(b"<p>" + body + b"<img src=a>", media_type, None, BASE):
        assert url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "unit", ["url(", "url( ", "(", "/*", '"\\', "url(\\", "@a", "\\0", "u(", "u\\", "image-set(", "\\75rl", "a" * 9]
)
def test_hostile_styles_are_read_in_linear_time(unit):
    started = time.perf_counter()
    in_css("a{b:" + unit * (400_000 // len(unit)))
    assert time.perf_counter() - started < 60  # at once; were it quadratic, minutes


def test_deep_documents_are_read():
    found = in_html("<div>" * 1500 + '<img src="a.jpg">' + "<i>" * 100_000)
    assert short(found) == [("a.jpg", "image")]


def test_other_media_types_have_no_requisites():
    assert find_requisites(b'<img src="a.jpg">', "image/svg+xml", None, BASE) == []
