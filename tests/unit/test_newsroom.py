"""The newsroom answers as its docstrings promise, and its log is the truth about what went over the wire."""

import contextlib
import gc
import gzip
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pycurl
import pytest
from playwright.sync_api import Page, sync_playwright

from newsroom import Newsroom
from newsroom.editions import LANGUAGES, edition

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shared() -> Iterator[Newsroom]:
    with Newsroom() as newsroom:
        yield newsroom


@pytest.fixture
def site(shared: Newsroom) -> Newsroom:
    shared.clear_log()
    return shared


@dataclass
class Answer:
    """What curl got; `body` is as sent, only the chunk framing is gone."""

    status: int = 0
    version: int = 0
    location: str = ""
    body: bytes = b""
    headers: dict[str, list[str]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        plain = gzip.decompress(self.body) if self.headers.get("content-encoding") == ["gzip"] else self.body
        return plain.decode()


def fetch(site, url, *lines, body=None, method=None, http1=False, timeout=300, most=math.inf) -> Answer:
    """`url` by curl, which verifies the certificate and does not follow redirects; `lines` are request headers.

    It hangs up after `most` bytes.
    """
    answer, received = Answer(), bytearray()

    def take_header(line: bytes) -> None:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            answer.headers.setdefault(name.lower(), []).append(value.strip())

    def take(part: bytes) -> int:
        received.extend(part)
        return len(part) if len(received) <= most else 0

    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.CAINFO, str(site.ca_file))
    curl.setopt(pycurl.HTTP_CONTENT_DECODING, 0)
    curl.setopt(pycurl.HTTPHEADER, list(lines))
    curl.setopt(pycurl.USERAGENT, "test/1")
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1 if http1 else pycurl.CURL_HTTP_VERSION_2TLS)
    curl.setopt(pycurl.HEADERFUNCTION, take_header)
    curl.setopt(pycurl.WRITEFUNCTION, take)
    curl.setopt(pycurl.TIMEOUT_MS, int(timeout * 1000))
    if body is not None:
        curl.setopt(pycurl.POSTFIELDS, body)
    if method is not None:
        curl.setopt(pycurl.CUSTOMREQUEST, method)
    try:
        curl.perform()
    finally:
        answer.body = bytes(received)
        answer.status = curl.getinfo(pycurl.RESPONSE_CODE)
        answer.version = curl.getinfo(pycurl.INFO_HTTP_VERSION)
        answer.location = curl.getinfo(pycurl.REDIRECT_URL) or ""
        curl.close()
    return answer


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("scheme", "http1", "version", "protocol"),
    [
        ("http", False, pycurl.CURL_HTTP_VERSION_1_1, "1.1"),
        ("https", False, pycurl.CURL_HTTP_VERSION_2_0, "2"),
        ("https", True, pycurl.CURL_HTTP_VERSION_1_1, "1.1"),
    ],
)
def test_log_agrees_with_the_bytes_received(site, scheme, http1, version, protocol):
    url = site.article if scheme == "https" else site.http_article
    answer = fetch(site, url, "Accept-Encoding: gzip", http1=http1)
    [entry] = site.log()
    assert (answer.status, answer.version) == (200, version)
    assert answer.headers["content-encoding"] == ["gzip"]
    assert ("transfer-encoding" in answer.headers) == (protocol == "1.1")
    assert (entry.sent_sha256, entry.sent_length) == (sha256(answer.body), len(answer.body))
    plain = gzip.decompress(answer.body)
    assert (entry.sha256, entry.length) == (sha256(plain), len(plain))
    assert (entry.method, entry.scheme, entry.url, entry.status) == ("GET", scheme, url, 200)
    assert (entry.protocol, entry.user_agent, entry.complete) == (protocol, "test/1", True)
    assert entry.host == url.split("/")[2]


def test_without_accept_encoding_both_digests_are_those_of_the_body(site):
    answer = fetch(site, site.url("cdn", "/static/site.css"))
    [entry] = site.log()
    assert "content-encoding" not in answer.headers
    assert entry.sha256 == entry.sent_sha256 == sha256(answer.body)


def test_log_file_holds_the_same_entries(tmp_path):
    path = tmp_path / "served.jsonl"
    with Newsroom(log=path) as own:
        fetch(own, own.article)
        own.clear_log()
        fetch(own, own.article_uk, "X-Word: lamp")
        kept = own.log()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["url"] for line in lines] == [own.article, own.article_uk]
    assert lines[1:] == [asdict(entry) for entry in kept]
    assert [line["seq"] for line in lines] == [1, 2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_article_has_what_a_reader_needs(site, language):
    paper = edition(language)
    page = fetch(site, {"en": site.article, "uk": site.article_uk}[language]).text
    about = json.loads(page.split('<script type="application/ld+json">')[1].split("</script>")[0])
    assert about["@type"] == "NewsArticle"
    assert about["headline"] in page
    assert about["datePublished"] == paper.article["published"].isoformat()
    assert f'property="article:published_time" content="{about["datePublished"]}"' in page
    assert f'<time datetime="{paper.stories[0].published.isoformat()}"' in page
    dates = {paper.article["published"].date(), paper.stories[0].published.date()}
    assert len(dates) == 2, "the feed item is of another day"
    words = [word for part in paper.article["parts"] if part["kind"] == "paragraph" for word in part["text"].split()]
    assert len(words) >= 250


def test_both_editions_have_the_same_frame():
    english, ukrainian = (edition(language) for language in LANGUAGES)
    assert english.words.keys() == ukrainian.words.keys()
    assert [part["kind"] for part in english.article["parts"]] == [part["kind"] for part in ukrainian.article["parts"]]
    assert [story.slug for story in english.stories] == [story.slug for story in ukrainian.stories]
    for paper in (english, ukrainian):
        assert {story.section for story in paper.stories} <= set(paper.words["sections"])


def test_every_link_and_source_of_the_articles_answers(site):
    expected_bad = {site.url("cdn", "/press-card.png"): 404, site.url("news", "/members/plan.png"): 403}
    for article in (site.article, site.article_uk):
        page = fetch(site, article).text
        pieces = page.replace("srcset=", "src=").split('src="')[1:] + page.split('href="')[1:]
        found = {piece.split('"')[0].split(" ")[0] for piece in pieces}
        urls = {site.url("news", path) if path.startswith("/") else path for path in found if path[0] in "/h"}
        assert len(urls) > 25
        answers = {url: fetch(site, url).status for url in urls - {site.url("api", "")}}
        wrong = {url: status for url, status in answers.items() if status not in (200, 302)}
        assert wrong == expected_bad


@pytest.mark.parametrize(
    ("asked", "first", "last"), [("0-", 0, None), ("100-199", 100, 199), ("-50", -50, None), ("117000-", 117000, None)]
)
def test_film_answers_ranges(site, asked, first, last):
    url = site.url("video", "/pump-house.mp4")
    whole = fetch(site, url)
    part = fetch(site, url, f"Range: bytes={asked}")
    assert whole.headers["accept-ranges"] == ["bytes"]
    assert whole.headers["content-type"] == ["video/mp4"]
    assert whole.body[4:8] == b"ftyp"
    assert part.status == 206
    assert part.body == whole.body[first : None if last is None else last + 1]
    begin = first if first >= 0 else len(whole.body) + first
    assert part.headers["content-range"] == [f"bytes {begin}-{begin + len(part.body) - 1}/{len(whole.body)}"]
    assert [entry.sha256 for entry in site.log()] == [sha256(whole.body), sha256(part.body)]
    assert fetch(site, url, "Range: bytes=999999-").status == 416


@pytest.mark.parametrize(
    ("path", "magic"),
    [
        ("/pictures/pump-house-480.jpg", b"\xff\xd8\xff"),
        ("/pictures/pump-house-480.webp", b"RIFF"),
        ("/portraits/daryna-vesnyhora.png", b"\x89PNG"),
        ("/static/lantern-marks.woff2", b"wOF2"),
    ],
)
def test_files_of_the_cdn_are_what_they_claim_and_stay_the_same(site, path, magic):
    answer = fetch(site, site.url("cdn", path), "Accept-Encoding: gzip", "Origin: https://news.localhost")
    assert answer.body.startswith(magic)
    assert answer.headers["access-control-allow-origin"] == ["*"]
    assert fetch(site, site.url("cdn", path)).body == answer.body


def test_plan_wants_the_cookie_that_the_article_sets(site):
    plan = site.url("news", "/members/plan.png")
    cookies = fetch(site, site.article).headers["set-cookie"]
    assert len(cookies) == 2
    assert fetch(site, plan).status == 403
    assert fetch(site, plan, "Cookie: reader_ticket=someone-else").status == 403
    answer = fetch(site, plan, f"Cookie: {cookies[0].split(';')[0]}")
    assert (answer.status, answer.body[:4]) == (200, b"\x89PNG")


def test_comments_come_by_post_after_a_preflight(site):
    url = site.url("api", "/comments")
    allowed = ("Origin: https://news.localhost", "Access-Control-Request-Method: POST")
    preflight = fetch(site, url, *allowed, "Access-Control-Request-Headers: content-type", method="OPTIONS")
    assert preflight.status == 200
    assert "content-type" in preflight.headers["access-control-allow-headers"][0].lower()
    body = json.dumps({"language": "uk", "article": "/a"}).encode()
    answer = fetch(site, url, "Content-Type: application/json", body=body)
    assert [comment["name"] for comment in json.loads(answer.text)["comments"]] == [
        comment["name"] for comment in edition("uk").comments
    ]
    entry = site.log()[-1]
    assert (entry.method, entry.request_sha256, entry.request_length) == ("POST", sha256(body), len(body))
    assert fetch(site, url, body=b"no json").status == 400


def test_binary_post_is_received_exactly(site):
    body = bytes(range(256)) * 3
    receipt = json.loads(fetch(site, site.url("api", "/position"), body=body).text)
    assert receipt == {"bytes": 768, "sha256": sha256(body)}
    assert site.log()[0].request_sha256 == sha256(body)
    assert fetch(site, site.url("api", "/beacon"), body=b"opened").status == 204


def test_redirects_lead_to_the_article_and_to_the_picture(site):
    for start, end in (
        (site.short_link, site.article),
        (site.url("cdn", "/latest/river.jpg"), site.url("cdn", "/pictures/ferry-480.jpg")),
    ):
        first = fetch(site, start)
        second = fetch(site, first.location)
        assert (first.status, second.status, second.location) == (302, 301, end)
    assert fetch(site, fetch(site, site.trick("loop")).location).location == site.trick("loop")


def test_feed_is_exhausted_after_three_pages(site):
    path, titles = "/feed/en/1.json", []
    while path:
        page = json.loads(fetch(site, site.url("api", path)).text)
        titles += [item["title"] for item in page["items"]]
        path = page["next"]
    assert titles == [story.title for story in edition("en").stories[1:]]
    assert len([entry for entry in site.log() if "/feed/" in entry.url]) == 3
    assert fetch(site, site.url("api", "/feed/en/4.json")).status == 404
    assert fetch(site, site.url("api", "/feed/xx/1.json")).status == 404


@pytest.mark.parametrize("over_http", [False, True])
def test_correction_changes_the_english_article_only(over_http):
    with Newsroom() as own:
        before, ukrainian = fetch(own, own.article).text, fetch(own, own.article_uk).text
        members = fetch(own, own.url("api", "/membership.json")).body
        if over_http:
            assert fetch(own, own.url("news", "/_admin/correct", "http"), body=b"").status == 200
        else:
            own.correct()
        after = fetch(own, own.article).text
        correction = edition("en").article["correction"]
        assert 'id="correction"' not in before
        assert correction["note"] in after
        assert f'<h1 id="headline">{correction["headline"]}</h1>' in after
        assert correction["headline"] not in before
        assert f'"dateModified": "{correction["at"].isoformat()}"' in after
        assert f'"datePublished": "{edition("en").article["published"].isoformat()}"' in after
        assert fetch(own, own.article_uk).text == ukrainian
        assert fetch(own, own.url("api", "/membership.json")).body != members


@pytest.mark.parametrize(
    ("name", "status"),
    [("missing", 404), ("gone", 410), ("failing", 500), ("blocked", 403), ("busy", 429)]
    + [(name, 200) for name in ("soft-404", "consent-wall", "paywall", "login", "thin", "restless")],
)
def test_tricks_have_their_status_and_a_title(site, name, status):
    answer = fetch(site, site.trick(name))
    assert answer.status == status
    assert "<h1>" in answer.text
    assert site.log()[0].status == status


@pytest.mark.parametrize(
    ("name", "encoding", "word"), [("windows-1251", "windows-1251", "їжак"), ("latin-1", "iso-8859-1", "façade")]
)
def test_old_encodings_are_real(site, name, encoding, word):
    answer = fetch(site, site.trick(name))
    assert answer.headers["content-type"] == ["text/html"]
    assert word in answer.body.decode(encoding)
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()


def test_broken_connections(site):
    with pytest.raises(pycurl.error) as closed:
        fetch(site, site.trick("closed"))
    assert closed.value.args[0] == pycurl.E_GOT_NOTHING
    with pytest.raises(pycurl.error) as short:
        fetch(site, site.trick("short"))
    assert short.value.args[0] == pycurl.E_PARTIAL_FILE


def test_slow_page_takes_its_time(site):
    with pytest.raises(pycurl.error):
        fetch(site, site.trick("slow") + "?seconds=30", timeout=0.3)
    assert fetch(site, site.trick("slow") + "?seconds=0.1").status == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_endless_stream_is_logged_as_incomplete_when_the_client_leaves(site, scheme):
    with pytest.raises(pycurl.error) as enough:
        fetch(site, site.trick("endless", scheme), most=100)
    assert enough.value.args[0] == pycurl.E_WRITE_ERROR
    deadline = time.monotonic() + 300
    while not site.log() and time.monotonic() < deadline:
        time.sleep(0.02)
    [entry] = site.log()
    assert not entry.complete
    assert entry.length > 0


def test_stopping_is_quick_even_with_open_streams():
    own = Newsroom()
    own.start()
    fetch(own, own.article)
    urls = [own.trick("endless"), own.trick("endless", "http"), own.trick("slow") + "?seconds=60"]

    def stay(url: str) -> None:
        with contextlib.suppress(pycurl.error):
            fetch(own, url)

    readers = [threading.Thread(target=stay, args=(url,)) for url in urls]
    for reader in readers:
        reader.start()
    time.sleep(0.4)
    begun = time.monotonic()
    own.stop()
    took = time.monotonic() - begun
    for reader in readers:
        reader.join()
    own.stop()
    gc.collect()  # an unclosed socket would warn here, and warnings are errors
    assert took < 30
    assert not own.ca_file.exists()


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    """A tab of the system's Chromium, or of Playwright's where there is none."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--disable-quic", *sandbox]
        )
        yield browser.new_page(ignore_https_errors=True)
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("over", ["https", "http"])
def test_reader_sees_everything_in_a_browser(site, tab, over):
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.goto(site.article if over == "https" else site.http_article)
    tab.wait_for_function("document.querySelectorAll('[data-state=waiting]').length === 0")
    assert tab.inner_text("#membership-count") == "2,481"
    assert tab.inner_text("#word-count").startswith("584 words")
    assert tab.locator("#pressure-chart rect").count() == 10
    assert tab.locator("#comments-list .comment").count() == 3
    assert sha256(bytes(range(256)))[:12] in tab.inner_text("#position-saved")
    assert "The needle climbs." in tab.frame_locator("#hours-frame").locator("ol").inner_text()
    assert tab.frame_locator("#map-frame").locator("img").evaluate("image => image.naturalWidth") > 0
    for number, shown in enumerate((4, 7, 8)):
        tab.click("#show-more")
        tab.wait_for_function(f"document.querySelectorAll('.feed-item').length === {shown}")
        assert len([entry for entry in site.log() if "/feed/" in entry.url]) == number + 1
    tab.wait_for_function("document.getElementById('show-more') === null")
    for image in tab.locator("img").all():
        image.scroll_into_view_if_needed()
    tab.wait_for_function("[...document.images].filter(image => !image.naturalWidth).length === 1")
    assert tab.evaluate("[...document.images].find(image => !image.naturalWidth).id") == "press-card"
    assert any(entry.url.endswith("/lantern-marks.woff2") for entry in site.log())
    tab.evaluate("document.getElementById('story-video').play()")
    tab.wait_for_function("document.getElementById('story-video').currentTime > 0.5")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    beacon = next(entry for entry in site.log() if entry.url.endswith("/beacon"))
    assert beacon.request_sha256 == sha256(b"opened")
    assert {entry.protocol for entry in site.log()} == ({"2"} if over == "https" else {"1.1"})
    assert not faults


def test_breakdown_is_told(monkeypatch):
    monkeypatch.setattr("newsroom.server.HOSTS", ("not a host name",))
    with pytest.raises(RuntimeError, match="broke down"):
        Newsroom().start()


def test_runs_as_a_program_until_its_input_ends(tmp_path):
    port_file = tmp_path / "site.json"
    command = [sys.executable, "-W", "error", "-m", "newsroom", "--port-file", str(port_file)]
    with subprocess.Popen(
        command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        ready = json.loads(program.stdout.readline())
        assert json.loads(port_file.read_text()) == ready
        site = type("Elsewhere", (), {"ca_file": ready["ca_file"]})
        assert fetch(site, ready["article"]).status == 200
        assert fetch(site, ready["correct"], body=b"").status == 200
        assert edition("en").article["correction"]["headline"] in fetch(site, ready["article"]).text
        _, complaints = program.communicate(timeout=300)
    assert (program.returncode, complaints) == (0, "")
