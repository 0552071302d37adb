"""Every field of the newsroom's article, in both languages and both versions, as its server sends it."""

import json
import re
from collections.abc import Iterator

import pytest

from archiver import extract
from archiver.extract import assertions
from archiver.sidecar import choose
from newsroom import Newsroom
from newsroom.editions import LANGUAGES, edition


@pytest.fixture(scope="module")
def pages() -> Iterator[dict[tuple[str, str], tuple[str, str]]]:
    """(language, version) → address and HTML."""
    found = {}
    with Newsroom() as site:
        for version in ("first", "corrected"):
            for language in LANGUAGES:
                address = site.http_article.replace("/en/", f"/{language}/", 1)
                address = re.sub(r"(?<=:\d{5})/.*|(?<=:\d{4})/.*", edition(language).article["slug"], address)
                found[language, version] = (address, site.html(address))
            site.correct()
    yield found


def expected(language: str, version: str, html: str) -> dict:
    """What the edition says of its article; the canonical address is the https one, whose port differs."""
    paper = edition(language)
    article, author = paper.article, paper.author
    correction = article.get("correction") if version == "corrected" else None
    canonical = re.search(r'rel="canonical" href="([^"]+)"', html)[1]
    news = canonical.removesuffix(article["slug"])
    told = {
        "@type": "NewsArticle",
        "headline": (correction or article)["headline"],
        "author": [
            {
                "@type": "Person",
                "name": author["name"],
                "jobTitle": author["role"],
                "url": f"{news}/{language}/authors/{author['slug']}",
            }
        ],
        "publisher": {"@type": "Organization", "name": paper.site["name"], "url": f"{news}/{language}/"},
        "datePublished": article["published"].isoformat(),
        "dateModified": (correction["at"] if correction else article["modified"]).isoformat(),
        "inLanguage": language,
        "articleSection": article["section"],
        "keywords": article["keywords"],
        "description": article["description"],
        "image": [f"{news.replace('//news.', '//cdn.')}/pictures/{article['scene']}-1200.jpg"],
        "isAccessibleForFree": True,
        "url": canonical,
        "timeRequired": f"PT{article['minutes']}M",
    }
    if correction:
        comment = {"@type": "CorrectionComment", "text": correction["note"]}
        told["correction"] = [comment | {"datePublished": correction["at"].isoformat()}]
    return told


@pytest.mark.parametrize("version", ["first", "corrected"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_is_right(pages, language, version):
    address, html = pages[language, version]
    article = choose(assertions(html, address))
    count = article.pop("wordCount")
    assert article == expected(language, version, html)
    assert 300 < count < 900


@pytest.mark.parametrize("version", ["first", "corrected"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_readers_see_says_the_same_without_data_for_machines(pages, language, version):
    _, html = pages[language, version]
    bare = re.sub(r"<script.*?</script>|<meta[^>]*>|<title>.*?</title>", "", html, flags=re.DOTALL)
    told, wanted = choose(assertions(bare, "http://news.localhost/x")), expected(language, version, html)
    assert told["author"] == [{"@type": "Person", "name": wanted["author"][0]["name"]}]
    for name in ("headline", "datePublished", "dateModified", "timeRequired", "articleSection"):
        assert told[name] == wanted[name]
    assert told.get("correction") == wanted.get("correction")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_voice_takes_anything_from_the_feed_the_banner_or_the_card(pages, language):
    paper = edition(language)
    address, html = pages[language, "corrected"]
    claims = [*assertions(html, address), *extract.rendered(extract.page_of(html, address), [])]
    told = json.dumps([one.value for one in claims], ensure_ascii=False)
    for story in paper.stories:
        assert story.title not in told
        assert story.published.date().isoformat() not in told
    for words in ("members_before", "members_after", "join", "related", "more_about", "show_more"):
        assert paper.words[words] not in told


def test_its_front_page_is_no_article() -> None:
    with Newsroom() as site:
        address = site.http_article.partition("/en/")[0] + "/en/"
        told = choose(assertions(site.html(address), address))
    assert told["headline"] == edition("en").site["name"]
    assert told.keys() <= {"@type", "headline", "inLanguage", "description", "url"}
