"""The app's page of how a capture replays, and its pictures out of the product's own WARC."""

from pathlib import Path

import pytest

from archiver.collection import Root
from archiver.qa.storing import save
from browsing import get
from judged import HOSTILE, PNG, URL, a_result, bad_result
from stockroom import Invented, add


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A capture that passes, one that fails, and one that was never checked."""
    root = tmp_path_factory.mktemp("quality")
    news = Root(root).create("news", "News", agent="test/1")
    made = [add(news, Invented(URL, headline=f"Power {day}", days=day)).capture_id for day in range(3)]
    save(news, a_result(made[0], "fail"), {})
    save(news, a_result(made[0], checked_at="2026-11-25T09:00:00Z"), {"view": PNG + b"replay"})
    save(news, bad_result(made[1]), {})
    return root, made


@pytest.mark.parametrize(
    ("language", "words"), [("en", "The page stays blank"), ("uk", "Сторінка лишається порожньою")]
)
def test_it_says_why_in_the_readers_language(captures, language: str, words: str) -> None:
    root, (_, bad, _) = captures
    answer = get(root, f"/news/{bad}/qa", headers={"accept-language": language})
    assert (answer.status, words in answer.text) == (200, True)
    assert [one.partition("?")[0] for one in answer.page.xpath("//script/@src")] == ["/static/pictures.js"]
    assert not answer.page.xpath("//*[@style or @onclick or @onerror]")
    assert HOSTILE.replace("&lt;", "<") in answer.page.text_content() or HOSTILE in answer.page.text_content()


def test_the_newest_result_counts_and_its_pictures_are_shown(captures) -> None:
    root, (good, _, never) = captures
    page = get(root, f"/news/{good}/qa").page
    assert "Nothing speaks against it" in page.text_content()
    addresses = page.xpath("//figure//img/@src")
    assert addresses == [f"/news/{good}/qa/view/captured", f"/news/{good}/qa/view/replayed"]
    replayed = get(root, addresses[1])
    assert (replayed.status, replayed.headers["content-type"], replayed.body) == (200, "image/png", PNG + b"replay")
    assert get(root, addresses[0]).status == 404, "these captures have no screenshot"
    assert [get(root, f"/news/{one}/qa").status for one in (never, "20261122T140112Z-aaaaaaaaaa")] == [404, 404]
    for strange in ("view/name", "full/replayed", "view/__class__"):
        assert get(root, f"/news/{good}/qa/{strange}").status == 404


def test_badges_lead_to_it(captures) -> None:
    root, made = captures
    for path in ("", "/replay"):
        links = [get(root, f"/news/{one}{path}").page.xpath(f"//a[@href='/news/{one}/qa']") for one in made]
        assert [bool(one) for one in links] == [True, True, False], path


@pytest.mark.parametrize("name", ["quality.css", "pictures.js"])
def test_what_the_page_needs_is_served(captures, name: str) -> None:
    assert get(captures[0], f"/static/{name}").status == 200
