"""The page that compares two captures: what it tells, of whatever texts, and that hostile ones stay text."""

import io
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from archiver.cli import run
from archiver.collection import Root
from browsing import Answer, get
from stockroom import Invented, add

URL = "https://courier.example/power"
LONG = "The lines that feed the eastern districts were repaired, and the grid held. " * 12
SAME = [f"Абзац {number}, у якому нічого не змінилося." for number in range(14)]
FIRST = ["Мер закликає зачекати до весни.", *SAME, "Світло повернулося на сході країни вночі."]
SECOND = [
    *SAME,
    "Світло повернулося на сході країни вранці.",
    "Мер закликає зачекати до весни.",
    "Нові лінії збудують.",
]


def picture(width: int = 64, height: int = 40) -> bytes:
    """A small PNG."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compare")
    news = Root(path).create("news", "News", agent="test/1")
    common = {"language": "uk", "author": "Марія Шевченко"}
    add(news, Invented(URL, "Світло повернулося", text="\n".join(FIRST), view=picture(), **common))
    later = Invented(
        URL,
        "Світло повернулося на схід",
        text="\n".join(SECOND),
        days=1,
        view=picture(90, 300),
        published="2026-11",
        **common,
    )
    add(news, later)
    add(news, Invented(URL, text=f"{LONG}Two.", days=2, author="Olena Kovalenko"))
    add(news, Invented("https://courier.example/school", "School", text=f"{LONG}Three.", days=0.5))
    return path


def ids(root: Path, url: str = URL) -> list[str]:
    """Captures of a page, oldest first."""
    from archiver.catalogue import open_catalogue

    with open_catalogue(Root(root).collection("news")) as catalogue:
        return [row.id for row in reversed(catalogue.versions(url))]


def compared(root: Path, old: str, new: str, query: str = "") -> Answer:
    return get(root, f"/news/{old}/compare/{new}{query}")


def words(page: object, path: str) -> list[str]:
    return [" ".join(one.text_content().split()) for one in page.xpath(path)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("view", ["", "?view=one"])
def test_what_changed_is_told_in_a_sentence(root: Path, view: str) -> None:
    old, new, _ = ids(root)
    answer = compared(root, old, new, view)
    assert answer.status == 200
    summary = words(answer.page, "//p[@class='summary']")[0]
    assert summary == (
        "The headline was changed. Text: 1 paragraph added, 1 paragraph changed, 1 paragraph moved, "
        "14 paragraphs the same. “вночі” became “вранці”."
    )
    ukrainian = words(compared(root, old, new, "?lang=uk").page, "//p[@class='summary']")[0]
    assert ukrainian == (
        "Заголовок змінено. Текст: додано 1 абзац, змінено 1 абзац, перенесено 1 абзац, без змін 14 абзаців. "
        "Замість «вночі» тепер «вранці»."
    )


def test_the_older_one_stands_first_whichever_way_it_is_asked(root: Path) -> None:
    old, new, _ = ids(root)
    one, other = compared(root, old, new), compared(root, new, old)
    assert one.page.xpath("//main")[0].text_content() == other.page.xpath("//main")[0].text_content()
    assert one.page.xpath("//section[@class='sides']//h2/a/@href") == [f"/news/{old}", f"/news/{new}"]


def test_words_that_came_and_went_are_told_to_screen_readers_too(root: Path) -> None:
    old, new, _ = ids(root)
    beside, in_one = compared(root, old, new).page, compared(root, old, new, "?view=one").page
    [before, after] = words(beside, "//li[@class='changed']/p[not(@class='kind')]")
    assert before == "Світло повернулося на сході країни [removed: вночі. end of removed]"
    assert after == "Світло повернулося на сході країни [added: вранці. end of added]"
    assert words(in_one, "//li[@class='changed']/p[@class='both']") == [
        "Світло повернулося на сході країни [removed: вночі. end of removed] [added: вранці. end of added]"
    ]
    for page in (beside, in_one):
        kinds = words(page, "//ol/li/p[@class='kind']")
        assert kinds == ["Moved away from here", "Changed", "Moved to here", "Added"]
        assert words(page, "//li[@class='same']//summary") == ["14 paragraphs the same"]
        assert words(page, "//li[@class='same']//p") == SAME
        assert page.xpath("//li[@class='changed']/p/@lang")[0] == "uk"
    [current] = in_one.xpath("//nav[@class='switch']/a[@aria-current]")
    assert current.text_content() == "In one"


def test_both_values_stand_with_who_said_them(root: Path) -> None:
    old, new, _ = ids(root)
    rows = {
        cells[0]: cells[1:] for cells in (words(row, "*") for row in compared(root, old, new).page.xpath("//tbody/tr"))
    }
    assert list(rows) == ["Headline", "Date of publication", "Number of words"]
    assert rows["Headline"][0].startswith("Світло повернулося in the page’s JSON-LD")
    assert rows["Headline"][1].startswith("Світло повернулося [added: на схід end of added] in the page’s JSON-LD")
    assert rows["Date of publication"][0].startswith("20 November 2026, 07:30 +02:00 in the page’s JSON-LD")
    assert rows["Date of publication"][1].startswith("November 2026 in the page’s JSON-LD")


def test_others_can_be_chosen_without_scripts(root: Path) -> None:
    old, new, last = ids(root)
    page = compared(root, old, new, "?view=one").page
    form = page.xpath("//form[@class='picker']")[0]
    assert (form.get("action"), form.get("method")) == ("/news/compare", "get")
    assert page.xpath("//select[@name='before']/option/@value") == [last, new, old]
    assert page.xpath("//select[@name='before']/option[@selected]/@value") == [old]
    assert page.xpath("//select[@name='after']/option[@selected]/@value") == [new]
    answer = get(root, f"/news/compare?before={new}&after={last}&view=one")
    assert (answer.status, answer.headers["location"]) == (303, f"/news/{new}/compare/{last}?view=one")
    for wrong in ("", "?before=x&after=y", f"?before={old}", f"?before={old}&after={quote('//evil.example')}"):
        assert get(root, f"/news/compare{wrong}").status == 404


def test_pictures_of_both_are_shown_and_of_one_alone_none(root: Path) -> None:
    old, new, last = ids(root)
    page = compared(root, old, new).page
    assert page.xpath("//figure/img/@src") == [f"/news/{one}/screenshot?full=1" for one in (old, new)]
    assert [one.partition("?")[0] for one in page.xpath("//script/@src")] == ["/static/compare.js"]
    assert page.xpath("//p[@class='slider']/@hidden") == [""]
    alone = compared(root, new, last)
    assert alone.page.xpath("//figure | //script") == []
    assert "One of the two has no screenshot." in alone.text


def test_captures_of_different_pages_say_that_they_are(root: Path) -> None:
    [school] = ids(root, "https://courier.example/school")
    last = ids(root)[-1]
    answer = compared(root, last, school)
    assert "These are captures of two different pages." in answer.text
    assert answer.page.xpath("//section[@class='sides']//h2/a/@href") == [f"/news/{school}", f"/news/{last}"]
    assert len(answer.page.xpath("//select[@name='before']/option")) == 4
    assert "“Three” became “Two”." in answer.text
    assert "two different pages. The headline was changed. Text: " in answer.text


def test_one_capture_with_itself_is_the_same(root: Path) -> None:
    old = ids(root)[0]
    text = compared(root, old, old).text
    for told in ("This is one and the same capture.", "The text is the same.", "Both captures say the same of it."):
        assert told in text


def test_what_has_no_text_is_still_compared(tmp_path: Path) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    gone, back = (add(news, Invented(URL, status=status, days=days, text=" ")) for status, days in ((404, 0), (200, 1)))
    answer = compared(tmp_path, gone.capture_id, back.capture_id)
    assert answer.status == 200
    assert ["404", "200"] in [words(row, "td") for row in answer.page.xpath("//tbody/tr")]


@pytest.mark.parametrize("other", ["20261122T140112Z-aaaaaaaaaa", "x", "%2e%2e", "feed.xml"])
def test_what_is_not_there_is_a_plain_page(root: Path, other: str) -> None:
    old = ids(root)[0]
    for path in (f"/news/{old}/compare/{other}", f"/news/{other}/compare/{old}", f"/nope/{old}/compare/{old}"):
        assert get(root, path).status == 404


def test_hostile_texts_stay_text(tmp_path: Path) -> None:
    """In texts, and in values, which extraction cleans but a person may type."""
    news = Root(tmp_path).create("evil", "Evil", agent="test/1")
    worst = '</p><script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7 * 7 }} ' * 2
    ids = []
    for n in (1, 2):
        text = f"{worst} same\n{worst} {n}\n{worst * n}"
        ids.append(add(news, Invented(URL, f"{worst}{n}", text=text, days=n, language='uk"><b>')).capture_id)
        said = [f"{name}={worst}{n}" for name in ("headline", "articleSection", "author", "publisher")]
        assert run(["--root", str(tmp_path), "edit", ids[-1], *said, "--reason", worst, "--by", f"<b>{worst}"]) == 0
    for view in ("", "?view=one"):
        page = get(tmp_path, f"/evil/{ids[0]}/compare/{ids[1]}{view}").page
        assert page.xpath("//main//script | //*[@onerror] | //main//img[not(@alt)] | //b") == []
        assert "{{ 7 * 7 }}" in page.text_content()
        assert {"Headline", "Section", "Authors"} <= set(words(page, "//tbody/tr/th"))


def test_huge_texts_are_compared_by_paragraphs(tmp_path: Path) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    texts = [" ".join(f"{word}{n}" if n % 2 else "так" for n in range(50_000)) for word in ("слово", "інше")]
    old, new = (add(news, Invented(URL, text=f"Start.\n{text}", days=day)) for day, text in enumerate(texts))
    answer = compared(tmp_path, old.capture_id, new.capture_id)
    assert "1 paragraph added, 1 paragraph removed" in answer.text or "1 paragraph changed" in answer.text
