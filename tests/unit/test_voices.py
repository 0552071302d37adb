"""What is read off pages of many kinds: each a snippet that shows one thing."""

import pytest

from archiver import extract
from archiver.extract import assertions
from archiver.extract.feed import FeedEntry
from archiver.sidecar import choose

URL = "https://www.herald.example/news/hospital-reopens"
H = "<h1>Hospital reopens</h1>"
P = f"<p>{'The doctors went back to work after three long weeks of repairs. ' * 3}</p>"


def article(html: str, url: str = URL, **options) -> dict:
    findings = []
    claims = assertions(html, url, report=findings.append, **options)
    assert findings == []
    return choose(claims)


def names(html: str, url: str = URL) -> list[str]:
    return [one["name"] for one in article(html, url).get("author", [])]


# The headline


HEADLINES = {
    "<title>Hospital reopens | The Herald</title><meta property='og:site_name' content='The Herald'>":
        "Hospital reopens",
    "<title>Hospital reopens - Herald.example</title>": "Hospital reopens",
    "<title>Herald: Hospital reopens</title>": "Hospital reopens",
    "<title>Hospital reopens - Health - The Herald</title><h1>Hospital reopens</h1>": "Hospital reopens",
    "<title>Red – the colour of grief</title>": "Red – the colour of grief",
    "<title>Hospital: what comes next | Herald</title><h1>Hospital: what comes next</h1>": "Hospital: what comes next",
    "<title>Why hospitals reopen | The Herald</title><h1>Hospital reopens after the strike</h1>":
        "Hospital reopens after the strike",
    "<title>Hospital reopens | News from the town</title><h1>News from the town</h1><h2>Hospital reopens</h2>":
        "Hospital reopens",
    "<title>Hospital reopens</title><h1><a href='/'>The Herald</a></h1>"
    "<meta property='og:site_name' content='The Herald'><h2>Hospital reopens</h2>": "Hospital reopens",
    "<title>Hospital reopens</title><h1><span class='kicker'>Health</span> Hospital reopens</h1>": "Hospital reopens",
    "<title>Hospital reopens</title><h1><span>Three weeks on</span><span>Hospital reopens</span></h1>":
        "Hospital reopens",
    "<title>Hospital reopens | Herald</title><h2><span>Three weeks on</span> <span>Hospital reopens</span></h2>":
        "Hospital reopens",
    "<title>Шпиталь знову приймає | Вісник</title><h1>Шпиталь знову приймає хворих</h1>":
        "Шпиталь знову приймає хворих",
    "<title>医院重新开放_新闻</title><h1>医院重新开放</h1>": "医院重新开放",
}  # fmt: skip


@pytest.mark.parametrize("html", HEADLINES)
def test_the_headline_is_what_stands_above_the_text(html):
    assert article(html)["headline"] == HEADLINES[html]


# Authors


AUTHORS = {
    "<h1>Hospital reopens</h1><p class='byline'>By <a href='/jane'>Jane Doe</a> and <a href='/john'>John Roe</a></p>":
        ["Jane Doe", "John Roe"],
    "<h1>Hospital reopens</h1><div class='ArticleAuthor'>Jane Doe<span class='role'>Reporter</span></div>":
        ["Jane Doe"],
    "<h1>Hospital reopens</h1><ul class='authors'><li>Jane Doe</li><li>John Roe</li></ul>": ["Jane Doe", "John Roe"],
    "<h1>Hospital reopens</h1><a rel='author' href='/j'>jane_d</a>": ["jane_d"],
    "<h1>Hospital reopens</h1><span class='author vcard'><a class='fn' href='/j'>jane_d</a></span>": ["jane_d"],
    "<h1>Hospital reopens</h1><p>Von Anna Groß und Udo Klein</p>": ["Anna Groß", "Udo Klein"],
    "<h1>Шпиталь відкрили</h1><p>Автор: Олена Коваль</p>": ["Олена Коваль"],
    "<h1>Hospital reopens</h1><p>19 November 2026 · Jane Doe</p>": ["Jane Doe"],
    "<h1>Hospital reopens</h1><div><span>Jane Doe</span><time datetime='2026-11-19'>19.11.</time></div>": ["Jane Doe"],
    f"<h1>Hospital reopens</h1><p>Kyiv (Reuters) - The doctors went back to work on Thursday morning, {'as ' * 30}</p>":
        ["Reuters"],
    f"<h1>Hospital reopens</h1>{P}{P}<p><em>Text: Anna Groß</em></p>": ["Anna Groß"],
    f"<article><h1>Hospital reopens</h1>{P}{P}<footer>By <a rel='author' href='/j'>Jane Doe</a></footer></article>":
        ["Jane Doe"],
    f"<h1>Hospital reopens</h1><div><h5>Autor: </h5>Peter Muster/AG-X{P}</div>": ["Peter Muster"],
    f"{H}<div><span>By</span> <a href='/j'>Jane Doe</a></div>{P}{P}<p class='author'>Max Muster</p>": ["Jane Doe"],
    "<h1>Hospital reopens</h1><dl><dt>Auteur</dt><dd><a href='/j'>Jane Doe</a></dd><dt>Lieu</dt><dd>Lyon</dd></dl>":
        ["Jane Doe"],
    "<h1>Hospital reopens</h1><ul><li><p>Von</p></li><li>Anna Groß</li></ul>": ["Anna Groß"],
    "<h1>Шпиталь відкрили</h1><p><b>Автор</b> <a href='/o'>Олена Коваль</a> та <a href='/i'>Іван Франчук</a></p>":
        ["Олена Коваль", "Іван Франчук"],
    "<h1>Hospital reopens</h1><p>By <a href='/j'>Jane Doe</a> and <a href='/r'>John Roe</a></p>":
        ["Jane Doe", "John Roe"],
    f"<h1>Hospital reopens</h1>{P}{P}<h4>Text:</h4><p>Anna Groß</p>": ["Anna Groß"],
    "<h1>Hospital reopens</h1><div><a href='/a'>Autoren</a><br></div>": [],
    "<h1>Hospital reopens</h1><div class='related'><b>Autoren</b> Max Muster</div>": [],
    "<h1>Hospital reopens</h1><p><b>Author</b></p><p>in the town of Ulm</p>": [],
    "<h1>Hospital reopens</h1><div>More from <a href='/za'>South Africa</a></div>": [],
    "<small>Verfasst von: <strong>wintergast</strong> | 31. Dezember 2008</small><h1>Hospital reopens</h1>":
        ["wintergast"],
    "<h1>Hospital reopens</h1><p>Posted by wintergast</p>": ["wintergast"],
    "<h1>Hospital reopens</h1><p>By <b>wintergast</b></p>": [],
    "<h1>Hospital reopens</h1><p>Written by some people, mostly</p>": [],
    f"<h1>Hospital reopens</h1><noscript><span class='byline-author'>Posted by Ann Bell, Bo Cole and Di Eng - Chrome "
    f"team</span>{P}</noscript><a rel='author' href='/h'>Herald</a>": ["Ann Bell", "Bo Cole", "Di Eng"],
    f"{H}<div class='author'><a href='/j'>Jane Doe</a> <ul><li><a href='/news'>News</a></ul></div>": ["Jane Doe"],
    f"{H}<div class='author'><a href='/j'>Jane Doe</a> <ul><li><a href='/r'>Ann Roe</a></ul></div>":
        ["Jane Doe", "Ann Roe"],
    f"<article>{H}{P}{P}</article><div class='comments'><b class='author'>Max Muster</b></div>":
        [],
    f"<h1>Hospital reopens</h1>{P}{P}<div class='related'><p class='byline'>By Max Muster</p></div>": [],
    f"<h1>Hospital reopens</h1>{P}<aside class='card'>By Max Muster</aside>{P}": [],
    "<h1>Hospital reopens</h1><meta name='author' content='admin'>": [],
    f"{H}<meta name='author' content='The Herald'><meta property='og:site_name' content='The Herald'>"
    "<p class='byline'>By Jane Doe</p>": ["Jane Doe"],
    "<meta name='author' content='Jane Doe; John Roe'>": ["Jane Doe", "John Roe"],
    "<meta name='author' content='Jane Doe, Herald'><meta property='og:site_name' content='Herald'>": ["Jane Doe"],
    f"{H}<p class='author'><a class='author-link' href='/a'>Ann Bois</a> (in Kyiv) et <a href='/l'>Luc Petit</a></p>":
        ["Ann Bois", "Luc Petit"],
    "<meta name='citation_author' content='Doe, Jane'><meta name='citation_author' content='Roe, John'>":
        ["Jane Doe", "John Roe"],
    "<meta name='twitter:label1' content='Written by'><meta name='twitter:data1' content='Jane Doe'>": ["Jane Doe"],
    "<meta name='twitter:label1' content='Price'><meta name='twitter:data1' content='Cheap Stuff'>": [],
    "<meta property='article:author' content='https://social.example/jane'>": [],
}  # fmt: skip


@pytest.mark.parametrize("html", AUTHORS)
def test_authors_are_those_of_this_article(html):
    assert names(f"<title>Hospital reopens</title>{html}") == AUTHORS[html]


# Dates


DATES = {
    "<h1>Hospital reopens</h1><time datetime='2026-11-19T08:30:00+02:00'>x</time>": "2026-11-19T08:30:00+02:00",
    "<h1>Hospital reopens</h1><p>Updated <time datetime='2026-11-20'>x</time></p>": None,
    f"{H}<p>Оновлено: <time datetime='2026-11-20'>x</time></p><time datetime='2026-11-19'>y</time>":
        "2026-11-19",
    f"{H}<p class='date'>Publié le 19 novembre 2026 à 08h30, modifié le 20 novembre 2026</p>": "2026-11-19",
    f"{H}<p class='date'>Modifié le 20 novembre 2026, publié le 19 novembre 2026</p>": "2026-11-19",
    "<h1>医院重新开放</h1><p>2026年11月19日 08:30</p>": "2026-11-19",
    "<h1>أعيد فتح المستشفى</h1><p>١٩ نوفمبر ٢٠٢٦</p>": "2026-11-19",
    "<h1>Больница открыта</h1><p>19 ноября 2026 г.</p>": "2026-11-19",
    "<h1>El hospital reabre</h1><p>19 de noviembre de 2026</p>": "2026-11-19",
    "<h1>Hospital reopens</h1><p>11/19/2026</p>": "2026-11-19",
    "<h1>Hospital reopens</h1><p>03/04/2026</p>": None,
    "<header><p>19.11.26</p><h1>Hospital reopens</h1></header>": "2026-11-19",
    "<div class='masthead'>Thursday, 26 November 2026</div><h1>Hospital reopens</h1>": None,
    f"<h1>Hospital reopens</h1>{P}{P}<section><h2>More</h2><time datetime='2026-11-25'>x</time></section>": None,
    f"<h1>Hospital reopens</h1><article>{P}<time datetime='2026-11-19'>x</time>{P}</article>": "2026-11-19",
    "<meta property='article:published_time' content='2026-11-19T21:30:00Z'><h1>Hospital reopens</h1>"
    "<time datetime='2026-11-19 23:30'>x</time>": "2026-11-19T23:30:00+02:00",
    f"<meta property='article:published_time' content='2026-11-18T22:00:00Z'>{H}<p>19 November 2026</p>":
        "2026-11-19T00:00:00+02:00",
}  # fmt: skip


@pytest.mark.parametrize("html", DATES)
def test_the_date_is_that_of_this_article(html):
    assert article(f"<title>x</title>{html}").get("datePublished") == DATES[html]


# Data for machines


def ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


BROKEN = {
    '{"@type": "NewsArticle", "headline": "The "new" hospital", "author": {"name": "Jane Doe"}}': ["Jane Doe"],
    '{"@type": "NewsArticle", "author": {"name": "Jane Doe"},, "headline": "x"}': ["Jane Doe"],
    '{"@type": "NewsArticle", "headline": "x", "author": {"name": "Jane Doe"': ["Jane Doe"],
    '{"@type": "WebSite"}{"@type": "NewsArticle", "headline": "x", "author": {"name": "Jane Doe"}}': ["Jane Doe"],
    "no JSON at all": [],
}


@pytest.mark.parametrize("text", BROKEN)
def test_broken_json_is_repaired(text):
    assert names(ld(text)) == BROKEN[text]


def test_rdfa_is_read_like_microdata():
    rdfa = """<div vocab="https://schema.org/" typeof="NewsArticle"><h1 property="headline">Hospital reopens</h1>
    <b property="author" typeof="Person"><a property="url" href="/jane"><i property="name">Jane Doe</i></a></b>
    <meta property="og:title" content="Another"><time property="schema:datePublished" datetime="2026-11-19">x</time>
    <p property="comment" typeof="Comment"><i property="datePublished" content="2026-11-25">y</i></p></div>"""
    micro = rdfa.replace("typeof=", "itemscope itemtype=").replace('"NewsArticle"', '"https://schema.org/NewsArticle"')
    micro = micro.replace('property="schema:', 'property="').replace("property=", "itemprop=")
    for html, method in ((rdfa, "rdfa"), (micro, "microdata")):
        claims = [one for one in assertions(html, URL) if one.method == method]
        told = choose(claims)
        assert told["headline"] == "Hospital reopens"
        assert told["author"] == [{"@type": "Person", "name": "Jane Doe", "url": "https://www.herald.example/jane"}]
        assert told["datePublished"] == "2026-11-19"
        assert all(one.raw and one.path for one in claims)


def test_an_item_of_another_story_is_no_item_of_this():
    teaser = """<div itemscope itemtype="https://schema.org/NewsArticle"><a itemprop="url" href="/other">
    <b itemprop="headline">Another story</b></a><time itemprop="datePublished" datetime="2026-11-25"></time></div>"""
    assert "datePublished" not in article(f"<h1>Hospital reopens</h1>{P}{P}<div class='related'>{teaser * 2}</div>")


def test_what_a_page_says_of_itself_counts_for_its_article():
    page = ld(
        f'{{"@graph": [{{"@type": "WebPage", "@id": "{URL}", "datePublished": "2026-11-19"}}, {{"@type": "WebSite"}}]}}'
    )
    assert article(page)["datePublished"] == "2026-11-19"
    assert "datePublished" not in article(page.replace("hospital-reopens", "other"))


def test_a_page_with_live_entries_is_one_article():
    entries = ", ".join(
        f'{{"@type": "BlogPosting", "headline": "Entry {n}", "datePublished": "2026-11-2{n}"}}' for n in range(3)
    )
    live = ld(
        f'{{"@type": "LiveBlogPosting", "url": "{URL}", "headline": "Hospital: live", "datePublished": "2026-11-19", '
        f'"liveBlogUpdate": [{entries}]}}'
    )
    told = article(live)
    assert (told["headline"], told["datePublished"]) == ("Hospital: live", "2026-11-19")


@pytest.mark.parametrize(
    ("html", "name", "value"),
    [
        ("<html lang='zh-hant-tw'>", "inLanguage", "zh-Hant-TW"),
        ("<meta property='og:locale' content='uk_ua'>", "inLanguage", "uk-UA"),
        ("<html lang='english please'>", "inLanguage", None),
        ("<meta property='article:content_tier' content='locked'>", "isAccessibleForFree", False),
        ("<meta property='article:content_tier' content='free'>", "isAccessibleForFree", True),
        (ld('{"@type": "NewsArticle", "headline": "x", "timeRequired": "PT1H5M"}'), "timeRequired", "PT1H5M"),
        (ld('{"@type": "NewsArticle", "headline": "x", "timeRequired": "soon"}'), "timeRequired", None),
        ("<h1>Шпиталь відкрили</h1><p>7 хв читання</p>", "timeRequired", "PT7M"),
        ("<h1>Hospital reopens</h1><p>Wait 7 min at the bus stop</p>", "timeRequired", None),
        (f"{H}<p class='section-tag'><a href='/health'>Health</a></p>", "articleSection", "Health"),
        (
            f"<article>{H}{P}{P}<p>Correction: An earlier version named the wrong town.</p></article>",
            "correction",
            [{"@type": "CorrectionComment", "text": "An earlier version named the wrong town."}],
        ),
        (f"<h1>Corrections officers</h1>{P}<p>Corrections officers went on strike today.</p>", "correction", None),
    ],
)  # fmt: skip
def test_other_properties(html, name, value):
    assert article(html).get(name) == value


# Where it came from


@pytest.mark.parametrize(
    ("told", "publisher"),
    [
        ("engineer.example - Jobs and news for all engineers", "engineer.example"),
        ("Riverside Weekly | What moves our river town", "Riverside Weekly"),
        ("Riverside Weekly – Sport", "Riverside Weekly – Sport"),
        ("Forest-Owners' Weekly and Hunters' News", "Forest-Owners' Weekly and Hunters' News"),
    ],
)
def test_what_a_site_says_behind_its_name_is_no_part_of_it(told, publisher):
    found = article(f'<meta property="og:site_name" content="{told}"><h1>The bridge is open again</h1>')
    assert found["publisher"]["name"] == publisher


def test_a_title_is_no_publisher():
    minutes = "Protokoll vom 10. Oktober 2019"
    assert "publisher" not in article(f"<title>{minutes} – RIVER Club</title><h1>{minutes}</h1>")


def test_what_a_title_says_of_a_page_is_no_publisher():
    html = "<title>NORTH — Treaty (.NT) Domains</title><h1>.NT Zone Management</h1>"
    assert "publisher" not in choose(assertions(html, "https://www.north.example/domains/nt"))


def test_a_feed_entry_is_a_voice():
    entry = FeedEntry(title="Hospital reopens", authors=["By Jane Doe"], published="Thu, 19 Nov 2026 08:30:00 +0200")
    claims = assertions("", URL, feed=entry)
    assert [(one.about, one.path) for one in claims if one.method == "feed"] == [
        ("/article/headline", "entry.title"),
        ("/article/author", "entry.author"),
        ("/article/datePublished", "entry.published"),
    ]
    told = choose(claims)
    assert told["author"] == [{"@type": "Person", "name": "Jane Doe"}]
    assert told["datePublished"] == "2026-11-19T08:30:00+02:00"


def test_of_the_rendered_page_only_what_is_new_is_kept():
    served = assertions("<title>Loading</title>", URL, source="served")
    seen = f"<title>Hospital reopens</title><h1>Hospital reopens</h1><a rel='author' href='/j'>Jane Doe</a>{P}{P}"
    fresh = extract.rendered(extract.page_of(seen, URL), served)
    assert {one.source for one in fresh} == {"rendered"}
    assert choose([*served, *fresh])["headline"] == "Hospital reopens"
    assert choose([*served, *fresh])["author"] == [{"@type": "Person", "name": "Jane Doe"}]
    assert extract.rendered(extract.page_of("<title>Loading</title>", URL), served) == []


def test_a_page_that_says_nothing_has_its_address():
    assert article("", "https://herald.example/2026/11/19/hospital-reopens.html") == {
        "@type": "NewsArticle",
        "headline": "hospital reopens",
        "datePublished": "2026-11-19",
    }
