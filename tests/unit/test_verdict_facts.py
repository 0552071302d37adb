"""What a verdict is judged by: HTML read for its facts, phrases, marks, and texts that come again."""

import bisect
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import extract
from archiver.capture import Terms, capture_url
from archiver.collection import Root, index
from archiver.verdict import count_words, of_document
from archiver.verdict.phrases import lines, titled
from archiver.verdict.rules import is_home
from material import URL, PaperEngine

ADDRESS = "https://news.example/2026/bridge"
PARAGRAPH = (
    "<p>The keeper knows every horse by its name and most of the drivers by their complaints, and notes it all.</p>"
)


def facts(body, head="<title>The bridge</title>"):
    page = extract.page_of(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>", ADDRESS)
    return extract.facts(page, extract.assertions(page, ADDRESS))


def judged(body, head="<title>The bridge</title>", came=ADDRESS, asked=ADDRESS, repeated=0):
    return of_document(200, facts(body, head), asked, came, repeated=repeated)


def test_only_what_can_be_read_is_text():
    body = """<h1>Bridge</h1><p>One <b>two</b>, three</p><script>four</script><p hidden>five</p><dialog>six</dialog>
    <div style="display: none">seven</div><noscript>eight</noscript><ul><li>nine<li>ten</ul>"""
    assert facts(body).text == "Bridge\nOne two, three\nnine\nten"


def test_a_page_nested_without_end_is_read():
    assert facts("<div>" * 20_000 + "deep" + "</div>" * 20_000) is not None


def test_facts_of_the_publisher():
    told = '{"@type": "NewsArticle", "wordCount": %s, "isAccessibleForFree": "False", "articleBody": "%s"}'
    script = '<script type="application/ld+json">%s</script>'
    found = facts(PARAGRAPH, f"<title>The bridge</title>{script % (told % (12, 'one two three'))}")
    assert (found.claimed_words, found.is_free, found.is_article) == (12, False, True)
    found = facts(PARAGRAPH, f"<title>The bridge</title>{script % (told % (2, 'one two three'))}")
    assert found.claimed_words == 3


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("It's the keeper's well-oiled bridge", 5),
        ("Об'єднані пів'ї", 2),
        ("橋は開く", 4),
        ("— … !", 0),
        ("สะพาน", 5),
    ],
)
def test_words_are_counted_in_every_script(text, count):
    assert count_words(text) == count


def test_numbers_do_not_make_another_text():
    assert facts("<p>Ray 8f2a1 stopped you at 10:21").digest == facts("<p>Ray 77b0 stopped you at 11:03").digest
    assert facts("<p>Ray stopped you").digest != facts("<p>Ray stopped me").digest


@pytest.mark.parametrize(
    ("word", "title"),
    [
        ("blocked", "Just a moment..."),
        ("blocked", "Attention Required! | Cloudflare"),
        ("blocked", "Доступ заборонено"),
        ("blocked", "Zugriff verweigert – Die Laterne"),
        ("soft-404", "404 Not Found"),
        ("soft-404", "The Lantern | Page not found"),
        ("soft-404", "Сторінку не знайдено – Ліхтар"),
        ("soft-404", "ページが見つかりません"),
        ("error", "502 Bad Gateway"),
        ("error", "Welcome to nginx!"),
        ("consent-wall", "Bevor Sie fortfahren"),
    ],
)
def test_titles_of_walls(word, title):
    assert titled(word, title)
    assert not titled(word, f"{title} – what readers said about the words on the screen")
    assert not titled(word, f"How “{title}” became a novel")


def test_a_phrase_in_a_paragraph_is_part_of_the_story():
    said = "Subscribe to continue reading"
    assert list(lines("paywall", f"The bridge\n{said}")) == [said]
    assert not list(
        lines("paywall", f"“{said}”, it says on the door, and so the keeper went home. {'It rained. ' * 10}")
    )


@pytest.mark.parametrize(
    ("url", "home"),
    [
        ("https://a.example/", True),
        ("https://a.example", True),
        ("https://a.example/index.html", True),
        ("https://a.example/uk/", True),
        ("https://a.example/en-GB/home", True),
        ("https://a.example/?p=12", False),
        ("https://a.example/bridge", False),
        ("about:blank", False),
        ("http://[", False),
    ],
)
def test_front_pages(url, home):
    assert is_home(url) == home


def test_ways_that_lead_elsewhere():
    home, signing_in, asking = (f"https://news.example{path}" for path in ("/", "/account/login", "/consent?to=bridge"))
    assert judged(PARAGRAPH * 4) == ("ok", [])
    assert judged(PARAGRAPH * 4, came=home)[0] == "soft-404"
    assert judged(PARAGRAPH * 4, came=home, asked=home) == ("ok", [])
    assert judged(PARAGRAPH * 2, came=signing_in)[0] == "login"
    assert judged(PARAGRAPH * 20, came=signing_in) == ("ok", [])  # an article under such an address
    assert judged(PARAGRAPH * 2, came=asking)[0] == "consent-wall"


def test_a_text_that_other_pages_had():
    assert judged(PARAGRAPH, repeated=2) == ("ok", [])
    assert judged(PARAGRAPH, repeated=3)[0] == "soft-404"


def test_a_challenge_is_believed_only_where_there_is_no_article():
    challenge = "<script>window._cf_chl_opt = {}</script>"
    assert judged(challenge + PARAGRAPH)[0] == "blocked"
    assert judged(challenge + PARAGRAPH * 15) == ("ok", [])
    assert of_document(503, facts(challenge), ADDRESS, ADDRESS)[0] == "blocked"
    assert of_document(503, facts(PARAGRAPH), ADDRESS, ADDRESS)[0] == "error"


@given(st.text(alphabet="<>/ abpdivh1sc\"'=&;\n\x00ї", max_size=300), st.text(max_size=60), st.text(max_size=40))
def test_no_page_breaks_a_rule(html, title, canonical):
    page = extract.page_of(f"<title>{title}</title><link rel=canonical href='{canonical}'>{html}", ADDRESS)
    complaints = []
    found = extract.facts(page, [], report=complaints.append)
    assert not complaints
    word, reasons = of_document(200, found, ADDRESS, ADDRESS)
    assert (word == "ok") == (not reasons)


LINES = st.lists(st.binary(min_size=1, max_size=6).filter(lambda one: b"\n" not in one), max_size=40)


@given(LINES, st.binary(min_size=1, max_size=3).filter(lambda one: b"\n" not in one))
def test_lines_of_a_prefix_are_found_by_halving(tmp_path_factory, keys, prefix):
    folder = tmp_path_factory.mktemp("index")
    level = sorted(key + b"\n" for key in keys)
    index.level(folder, 0).write_bytes(b"".join(level))
    begin = bisect.bisect_left(level, prefix)
    expected = [line for line in level[begin:] if line.startswith(prefix)]
    assert list(index.starting(folder, prefix, 100)) == expected
    assert list(index.starting(folder, prefix, 2)) == expected[:2]


class Same(PaperEngine):
    """The same page at every address."""

    def capture(self, url, limits):
        main, text, info = super().capture(f"{URL}/x", limits)
        yield replace(main, url=url)
        yield replace(text, about=url)
        yield replace(info, url=url, final_url=url)


def test_pages_that_are_all_alike_are_found_out(tmp_path):
    collection = Root(tmp_path).create("news", "News", agent="test/1")
    terms = Terms()
    words = [capture_url(f"{URL}/{n}", collection, Same(), terms).verdict for n in "abcd"]
    assert words == ["ok", "ok", "ok", "soft-404"]
    assert capture_url(f"{URL}/a", collection, Same(), Terms()).verdict == "soft-404"  # known from the collection
    index.level(collection.indexes, 0).write_bytes(b"example,news)/ 2026 {}\nexample,news)/ 2026 [\n")
    assert capture_url(f"{URL}/e", collection, Same(), Terms()).verdict == "ok"
