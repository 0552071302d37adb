"""The text of the article: cut from the page, cleaned of furniture, and told without a capture."""

import gzip
import http.client
import json
import signal
import subprocess
import sys
from typing import get_args
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.cli import run
from archiver.extract import article_text, page_of
from archiver.extract.text import Kind
from newsroom import Newsroom
from newsroom.editions import LANGUAGES, edition

PARAGRAPHS = [
    "The bridge over the river was closed on Monday after engineers had found a crack in its third pier.",
    "Traffic is led through the old town, where the mayor expects long queues in the morning and the evening.",
    "Repairs will take until the spring, said the engineer who leads them, and cost about two million.",
]
PAGE = (
    "<html><head><title>Bridge closed</title></head><body><nav><a href='/'>Home</a></nav>"
    "<article><h1>Bridge closed</h1>" + "".join(f"<p>{one}</p>" for one in PARAGRAPHS) + "</article></body></html>"
)
URL = "https://news.example/bridge"


@pytest.fixture
def extract(capfd, monkeypatch, tmp_path):
    """Runs `archiver extract` in this process: exit code, stdout, stderr."""

    def command(*arguments, stdin=""):
        (tmp_path / "stdin").write_text(stdin)
        with (tmp_path / "stdin").open() as lines:
            monkeypatch.setattr(sys, "stdin", lines)
            code = run(["extract", *map(str, arguments)])
        return code, *capfd.readouterr()

    return command


# The command


def test_a_file_is_described(extract, tmp_path):
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / "page.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    for name in ("page.html", "page.html.gz"):
        code, out, _ = extract("--html", tmp_path / name, "--url", URL, "--json")
        found = json.loads(out)
        assert code == 0
        assert found["article"]["headline"] == "Bridge closed"
        assert found["text"].split("\n") == PARAGRAPHS
        assert found["paragraphs"] == [{"kind": "paragraph", "text": one} for one in PARAGRAPHS]
        assert {"about", "value", "method", "path", "raw"} <= set(found["assertions"][0])
    code, out, _ = extract("--html", tmp_path / "page.html", "--url", URL)
    assert code == 0
    assert "headline: Bridge closed\n" in out
    assert out.endswith("\n\n".join(PARAGRAPHS) + "\n")


def test_a_batch_is_answered_in_order(extract, tmp_path):
    lines = []
    for number in range(70):  # more than are read ahead
        (tmp_path / f"{number}.html").write_text(PAGE.replace("Bridge closed", f"Bridge {number} closed"))
        lines.append(json.dumps({"html": str(tmp_path / f"{number}.html"), "url": f"{URL}/{number}"}))
    code, out, _ = extract("--batch", "--json", stdin="\n".join(lines))
    told = [json.loads(line)["article"]["headline"] for line in out.splitlines()]
    assert code == 0
    assert told == [f"Bridge {number} closed" for number in range(70)]


def test_a_line_is_answered_while_the_next_is_not_there_yet(archiver, tmp_path):
    (tmp_path / "page.html").write_text(PAGE)
    line = json.dumps({"html": str(tmp_path / "page.html"), "url": URL})
    command = archiver.command("extract", "--batch", "--json")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asked:
        for _ in range(2):
            print(line, file=asked.stdin, flush=True)
            assert json.loads(asked.stdout.readline())["article"]["headline"] == "Bridge closed"
    assert asked.returncode == 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asked:
        print(line, file=asked.stdin, flush=True)
        assert asked.stdout.readline()
        asked.send_signal(signal.SIGINT)
        assert asked.wait(300) == 130


def test_what_cannot_be_read_is_answered_in_its_place(extract, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    zipped = gzip.compress(PAGE.encode())
    (tmp_path / "cut.gz").write_bytes(zipped[:-20])
    (tmp_path / "torn.gz").write_bytes(zipped[:40] + bytes(40) + zipped[80:])
    good = json.dumps({"html": str(page), "url": URL})
    bad = [
        "{",
        "[]",
        "",
        json.dumps({"html": str(page)}),
        json.dumps({"html": 1, "url": URL}),
        json.dumps({"html": str(page), "url": "file:///etc/passwd"}),
        json.dumps({"html": str(tmp_path / "absent"), "url": URL}),
        json.dumps({"html": str(tmp_path), "url": URL}),
        json.dumps({"html": "a\0b", "url": URL}),
        json.dumps({"html": str(tmp_path / "cut.gz"), "url": URL}),
        json.dumps({"html": str(tmp_path / "torn.gz"), "url": URL}),
    ]
    code, out, err = extract("--batch", "--json", stdin="\n".join([good, *bad, good]))
    first, *middle, last = map(json.loads, out.splitlines())
    assert code == 1
    assert first["text"] == last["text"] == "\n".join(PARAGRAPHS)
    assert [list(one) for one in middle] == [["error"]] * len(bad)
    assert all(one["error"].endswith(".") for one in middle)
    assert err == ""


@pytest.mark.parametrize(
    "arguments", [[], ["--html", "x"], ["--url", URL], ["--batch", "--url", URL], ["--html", "absent", "--url", URL]]
)
def test_a_wrong_call_is_told(extract, arguments):
    code, out, err = extract(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("archiver: ")


# The newsroom


def served(address):
    """The page at an http address of the newsroom."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=300)
    connection.request("GET", parts.path, headers={"Host": parts.netloc})
    html = connection.getresponse().read()
    connection.close()
    return html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("corrected", [False, True], ids=["first", "corrected"])
def test_the_newsroom_is_told_exactly(language, corrected):
    """Nothing of the banner, the correction, the card, the author box, the letter, the comments or the feed."""
    with Newsroom() as newsroom:
        if corrected:
            newsroom.correct()
        paper = edition(language)
        address = newsroom.url("news", paper.article["slug"], "http")
        html = served(address)
    text = article_text(page_of(html, address))
    assert [(one.kind, one.text) for one in text.paragraphs] == list(paper.written())
    assert text.plain == "\n".join(words for kind, words in paper.written() if kind != "caption")


# Rules


LEAD = "Engineers have found a crack, and the town has to live without its bridge until spring."
BEFORE = {
    "a byline": "<p>By Anna Maria Keller and Tom Brown</p>",
    "a byline in Ukrainian": "<p>Текст: Дарина Весногора</p>",
    "a date": "<p>12 March 2026</p>",
    "when it was changed": "<p>Updated 9:15 a.m., March 12, 2026</p>",
    "a share bar": '<ul class="article-share"><li>Send to friends</li><li>Pass it on</li></ul>',
    "a consent text": '<div id="cookie-consent"><p>We and our partners keep cookies on your device.</p></div>',
}
AMID = {
    "a related card": '<aside><a href="/x">The ferry that sails at night and never once was late</a></aside>',
    "a line to read": '<p>Read also: <a href="/x">The ferry that sails at night</a></p>',
    "a line to read, German": '<p>Lesen Sie auch: <a href="/x">Die Fähre, die nachts fährt</a></p>',
    "a line to read, Ukrainian": '<p>Читайте також: <a href="/x">Пором, що ходить уночі</a></p>',
    "a link alone": '<p><a href="/x">The ferry that sails at night and never once was late</a></p>',
    "an advertisement": "<p>Advertisement</p>",
    "an advertisement, German": '<div class="ad-slot"><p>Werbung</p></div>',
    "a newsletter": '<p>Subscribe to <a href="/n">our morning letter</a> and never miss a bridge.</p>',
    "a credit": "<p>Photo: Anna Keller / The Lantern</p>",
    "what is hidden": '<p style="display:none">Nobody can see this sentence on the page at all.</p>',
}
AFTER = {
    "an author box": '<div class="author-bio"><p>Anna Keller writes about bridges and has done so for years.</p></div>',
    "a biography": "<p>Anna Keller writes about bridges, rivers and ferries, and lives in the old town.</p>",
    "rights": "<p>© 2026 The Lantern. All rights reserved.</p>",
    "tags": '<p>Tags: <a href="/t/1">bridges</a>, <a href="/t/2">rivers</a></p>',
    "more stories": '<h3>More stories</h3><ul><li><a href="/1">The ferry by night</a></li></ul>',
    "comments": '<section id="comments"><p>I have said so for years, and nobody would listen.</p></section>',
    "follow us": '<p>Follow us on <a href="/f">that network</a> and <a href="/g">the other</a>.</p>',
}


def page_with(before="", amid="", after=""):
    head = '<title>Bridge closed</title><meta name="author" content="Anna Keller">'
    first, *others = [f"<p>{one}</p>" for one in PARAGRAPHS]
    body = f"<h1>Bridge closed</h1>{before}<div>{first}{amid}{''.join(others)}{after}</div>"
    return f"<html><head>{head}</head><body><article>{body}</article></body></html>"


def told(html):
    return [(one.kind, one.text) for one in article_text(page_of(html, URL)).paragraphs]


PLAIN = [("paragraph", one) for one in PARAGRAPHS]


@pytest.mark.parametrize(
    ("place", "name"),
    [(place, name) for place, table in (("before", BEFORE), ("amid", AMID), ("after", AFTER)) for name in table],
)
def test_furniture_is_left_out(place, name):
    furniture = {"before": BEFORE, "amid": AMID, "after": AFTER}[place][name]
    assert told(page_with(**{place: furniture})) == PLAIN


KEPT = {
    "a quotation": (
        "<blockquote><p>We heard it before we saw it.</p></blockquote>",
        "quote",
        "We heard it before we saw it.",
    ),
    "a subheading": ("<h2>How the crack was found</h2>", "heading", "How the crack was found"),
    "a list": ("<ul><li>the ferry at the mill</li></ul>", "list-item", "the ferry at the mill"),
    "a caption": (
        "<figure><img src='/b.jpg'><figcaption>The bridge at dawn</figcaption></figure>",
        "caption",
        "The bridge at dawn",
    ),
    "a short line": ("<p>Nobody was hurt that night.</p>", "paragraph", "Nobody was hurt that night."),
    "speech of newsletters": (
        "<p>The newsletters of the town council had warned of the crack for a whole year, and nobody read them.</p>",
        "paragraph",
        "The newsletters of the town council had warned of the crack for a whole year, and nobody read them.",
    ),
    "a sentence that begins with a date": (
        "<p>On 12 March 2026 the first engineer climbed down the pier with a lamp and a hammer.</p>",
        "paragraph",
        "On 12 March 2026 the first engineer climbed down the pier with a lamp and a hammer.",
    ),
    "inline marks": (
        "<p>They <a href='/x'>closed</a> the <b>old</b> bridge<br>and opened the <i>older</i> one.</p>",
        "paragraph",
        "They closed the old bridge and opened the older one.",
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_the_article_says_is_kept(name):
    html, kind, text = KEPT[name]
    assert told(page_with(amid=html)) == [PLAIN[0], (kind, text), *PLAIN[1:]]


def test_the_lead_is_kept():
    lead = f'<p class="teaser">{LEAD}</p>'
    assert told(page_with(before=lead)) == [("paragraph", LEAD), *PLAIN]
    assert told(page_with(before=lead).replace("</p><div>", "</p>").replace("</div>", "")) == [
        ("paragraph", LEAD),
        *PLAIN,
    ]


def test_two_breaks_part_paragraphs():
    html = (
        f"<html><body><article><h1>Bridge closed</h1><div>{'<br><br>'.join(PARAGRAPHS)}</div></article></body></html>"
    )
    assert told(html) == PLAIN


def test_other_scripts_are_read():
    lines = [
        "台北市政府週一宣布，因工程師發現第三座橋墩出現裂縫，跨河大橋即日起封閉，預計明年春天才能重新開放通車。",
        "市長表示，車流將改道老城區，早晚尖峰時段恐怕會出現長長的車陣，請市民盡量搭乘渡輪或捷運，避免開車進城。",
        "負責修復工程的總工程師指出，整個工程費用大約需要兩百萬元，市議會已經在昨天晚間的會議上通過了這筆預算。",
    ]
    body = "".join(f"<p>{one}</p>" for one in lines)
    related = '<p>延伸閱讀：<a href="/x">夜裡行駛的渡輪從來不遲到</a></p>'
    html = f"<html><body><article><h1>大橋封閉</h1><div>{body}{related}</div></article></body></html>"
    assert told(html) == [("paragraph", one) for one in lines]


@pytest.mark.parametrize(
    "html", ["", "<p>", "<a>" * 5000, "<div>" * 3000 + "x", "<br>" * 9000, "<li>" * 4000 + "word " * 4000]
)
def test_any_page_has_a_text_or_none(html):
    findings = []
    article_text(page_of(html, URL), report=findings.append)
    assert findings == []


@given(
    st.lists(
        st.sampled_from(
            ["<p>", "</p>", "<div class='related'>", "</div>", "<aside>", "<li>", "<br>", "<br><br>", "<b>"]
        )
        | st.sampled_from(["<a href='/x'>", "</a>", "<h1>", "<h2>", "<figure>", "<figcaption>", "<blockquote>", "<td>"])
        | st.sampled_from([*PARAGRAPHS, LEAD, "Read also:", "By Anna Keller", "© 2026", "Photo: x", "&#1;", "\ud800"])
        | st.text(max_size=8)
    )
)
def test_whatever_the_page_the_text_is_well_formed(parts):
    html, findings = "".join(parts), []
    text = article_text(page_of(html, URL), report=findings.append)
    assert findings == []
    assert text == article_text(page_of(html, URL))
    for one in text.paragraphs:
        assert one.kind in get_args(Kind)
        assert one.text == " ".join(one.text.split()) != ""
    document = json.loads(text.encoded())
    assert document["paragraphs"] == [{"kind": one.kind, "text": one.text} for one in text.paragraphs]
    assert bool(text.summary()) == bool(text.paragraphs)
