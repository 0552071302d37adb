"""The researchers' pages: what they tell, how they are built, and that hostile metadata stays text."""

from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest

from archiver.collection import Root
from archiver.dates import Moment, claimed, instant
from archiver.model import Verdict
from archiver.verdict.meanings import VERDICTS
from archiver.web.asking import PER_PAGE
from browsing import ORIGIN, REPLAY, get
from stockroom import Invented, add


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two collections; in one of them a page with three captures."""
    path = tmp_path_factory.mktemp("web")
    news = Root(path).create("news", "The Dnipro Courier", agent="test/1")
    power = "https://courier.example/power"
    add(news, Invented(power, days=-2))
    add(news, Invented(power, days=-1, missing=("https://video.example/film.mp4",)))
    add(news, Invented(power, headline="Lights are back in the east, and stay", thumbnail=b"\xff\xd8small"))
    school = Invented(
        "https://courier.example/uk/school",
        headline="Школа під землею",
        author="Марія Шевченко",
        language="uk",
        published="2026-11",
        days=-0.2,
    )
    add(news, school)
    add(news, Invented("https://courier.example/gone", status=404, days=-0.3))
    more = Root(path).create("more", "Many", agent="test/1")
    for number in range(PER_PAGE):
        url = f"https://daily.example/{number}"
        add(more, Invented(url, headline=f"Report {number}", publisher="Daily", days=-10 - number))
    return path


def capture_id(root: Path, words: str = "stay") -> str:
    href: str = get(root, f"/?q={quote(words)}").page.xpath("//h2/a/@href")[0]
    return href.rpartition("/")[2]


HOSTILE = Invented(
    'https://evil.example/"><script>alert(1)</script>',
    headline='</title><script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7 * 7 }}',
    author='" onmouseover="alert(1)',
    publisher="</textarea><svg onload=alert(1)>",
    section="<!-- <iframe src=javascript:alert(1)>",
    description="]]><style>*{display:none}</style>{% raw %}",
    published="2026-11-21",
    missing=("javascript:alert(1)",),
)


def test_hostile_metadata_stays_text(tmp_path: Path) -> None:
    collection = Root(tmp_path).create("evil", "<script>alert(1)</script>", agent="test/1")
    Root(tmp_path).create("other", "<b>Other</b>", agent="test/1")
    captured = add(collection, HOSTILE)
    for path in (
        "/",
        "/?q=alert",
        "/evil/",
        "/evil/?q=alert",
        "/evil/?author=onmouseover%3D%22alert",
        f"/evil/{captured.capture_id}",
    ):
        page = get(tmp_path, path).page
        assert page.xpath("//script | //*[@onerror] | //*[@onload] | //*[@onmouseover] | //main//style") == []
        assert not [link for link in page.xpath("//@href | //@src") if link.startswith("javascript:")]
        assert all(link.startswith(("/", REPLAY, "?", "#")) for link in page.xpath("//@href | //@src"))
        assert "{{ 7 * 7 }}" in page.text_content()


@pytest.mark.parametrize("path", ["/nope/", "/news/nope", "/news/20261122T140112Z-aaaaaaaaaa", "/a/b/c/d", "/%2e%2e/x"])
def test_what_is_not_there_is_a_plain_page(root: Path, path: str) -> None:
    answer = get(root, path)
    assert answer.status == 404
    assert "Not in this archive" in answer.text
    assert answer.page.xpath("//main//a/@href") == ["/"]


def test_a_damaged_sidecar_is_told_plainly(tmp_path: Path) -> None:
    captured = add(Root(tmp_path).create("news", "News", agent="test/1"), Invented("https://a.example/"))
    assert get(tmp_path, "/").status == 200
    assert captured.sidecar
    (tmp_path / "news" / captured.sidecar).write_bytes(b"{")
    answer = get(tmp_path, f"/news/{captured.capture_id}")
    assert answer.status == 500
    assert "Traceback" not in answer.text
    assert "This cannot be shown now" in answer.text


@pytest.mark.parametrize("path", ["/", "/nope/", "/static/app.css", "/robots.txt", "/favicon.ico"])
def test_every_answer_has_the_safe_headers(root: Path, path: str) -> None:
    headers = get(root, path).headers
    assert headers["content-security-policy"] == (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {REPLAY}; frame-src {REPLAY}; "
        f"form-action 'self' {REPLAY}; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers


def test_only_its_own_host_is_answered(root: Path) -> None:
    for host in ("evil.example", "localhost:8080", ""):
        answer = get(root, "/", host=host)
        assert answer.status == 421
        assert ORIGIN in answer.body.decode()


@pytest.mark.parametrize(
    "path", ["/", "/news/", "/more/", "/?q=nothing", "/?q=lights", "/news/?language=en", "/nope/", "article"]
)
def test_pages_can_be_used_without_eyes_and_mouse(root: Path, path: str) -> None:
    """Landmarks, one h1, headings without gaps, names for all that is operated, text for pictures, no scripts."""
    page = get(root, f"/news/{capture_id(root)}" if path == "article" else path).page
    assert page.get("lang") == "en"
    assert page.xpath("count(//main)") == page.xpath("count(//h1)") == page.xpath("count(//head/title)") == 1
    assert page.xpath("//body/a[1]/@href") == ["#content"]
    assert page.xpath("//main/@id") == ["content"]
    assert page.xpath("//script | //*[@style]") == []
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1 | //h2 | //h3")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.xpath("//img[not(@alt)] | //iframe[not(@title)] | //nav[not(@aria-label)]") == []
    for field in page.xpath("//input[not(@type='hidden')]"):
        assert page.xpath(f"//label[@for='{field.get('id')}']")
    for link in page.xpath("//a[@href] | //button"):
        assert link.text_content().strip()
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert set(page.xpath("//@aria-labelledby")) <= set(ids)


def test_every_verdict_is_explained() -> None:
    assert set(VERDICTS) == set(Verdict.__args__)
    assert all(text.endswith(".") for text in VERDICTS.values())


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026", Moment("2026", "2026")),
        ("2026-11", Moment("November 2026", "2026-11")),
        ("2026-11-21", Moment("21 November 2026", "2026-11-21")),
        ("2026-11-21T09:30:00+02:00", Moment("21 November 2026, 09:30 +02:00", "2026-11-21T09:30:00+02:00")),
        ("2026-11-21T09:30:00Z", Moment("21 November 2026, 09:30 UTC", "2026-11-21T09:30:00Z")),
        ("2026-13-01", Moment("2026-13-01", "")),
        ("last week", Moment("last week", "")),
        ("2200000000", Moment("2200000000", "")),
        ("", None),
    ],
)
def test_a_claimed_date_is_as_exact_as_the_claim(value: str, moment: Moment | None) -> None:
    assert claimed(value) == moment


def test_our_own_instants_are_in_utc() -> None:
    assert instant("2026-11-22T23:59:59.999999Z").words == "22 November 2026, 23:59 UTC"


def test_a_damaged_description_hides_no_collection(tmp_path: Path) -> None:
    collection = Root(tmp_path).create("news", "News", agent="test/1")
    add(collection, Invented("https://news.example/a"))
    for path in collection.path.glob("collection/*.json"):
        path.write_text("{")
    answer = get(tmp_path, "/")
    assert answer.status == 200
    assert "Lights are back" in answer.text


def test_files_of_the_app_are_kept_for_ever_under_their_digest_alone(root):
    page = get(root, "/").page
    for address in page.xpath("//link[@rel='stylesheet']/@href | //link[@rel='icon']/@href"):
        plain, _, digest = address.partition("?")
        assert get(root, address).headers["cache-control"] == "public, max-age=31536000, immutable"
        assert get(root, plain).headers["cache-control"] == "no-cache"
        assert get(root, f"{plain}?{digest[::-1]}").headers["cache-control"] == "no-cache"
