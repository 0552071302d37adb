"""What browsers keep: asked again each time, answered without reading a record, and never a way around the index."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from archiver.replay import running_replay
from asking import get
from storing import STAMP, Stored, store

pytestmark = pytest.mark.servers

SITE = "https://news.example"
PAGE = """<!doctype html><html><head><script src="/a.js"></script></head><body onload="window.loaded = true">
<p>first</p><script>window.inline = typeof fromFile</script></body></html>"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root: Path = tmp_path_factory.mktemp("root")
    script = Stored(f"{SITE}/a.js", "var fromFile = 1;", "text/javascript")
    moved = Stored(f"{SITE}/moved", "", status="301 Moved", headers=(("Location", "/"), ("ETag", '"archived"')))
    posted = Stored(f"{SITE}/api", "{}", "application/json", post=b'{"a": 1}')
    store(root, "news", [Stored(f"{SITE}/", PAGE), script, moved, posted])
    store(root, "news", [Stored(f"{SITE}/other", "<p>other</p>")], file="other.warc.gz")
    return root


@pytest.fixture(scope="module")
def replay(root: Path) -> Iterator[str]:
    with running_replay(root) as address:
        yield address


def at(replay: str, path: str, modifier: str = "mp_", stamp: str = STAMP) -> str:
    return f"{replay}/news/{stamp}{modifier}/{SITE}{path}"


def test_a_browser_that_has_the_answer_is_told_so(replay: str) -> None:
    _, headers, _ = get(at(replay, "/"))
    tag = headers["etag"]
    assert headers["cache-control"] == "private, no-cache"
    for told in (tag, f'"other", {tag}', f"W/{tag}"):
        status, headers, body = get(at(replay, "/"), If_None_Match=told)
        assert (status, body, headers["etag"]) == (304, b"", tag)
        assert "content-security-policy" not in headers  # it would take the place of the page's own
        assert "x-content-type-options" not in headers
    assert get(at(replay, "/"), If_None_Match='"other"')[0] == 200


def test_other_forms_of_a_record_have_other_tags(replay: str) -> None:
    ways = [
        get(at(replay, "/a.js", "js_")),
        get(at(replay, "/a.js", "id_")),
        get(at(replay, "/a.js", "wkr_")),
        get(at(replay, "/a.js", "js_"), Sec_Fetch_Dest="script", Sec_Fetch_Mode="cors"),
        get(at(replay, "/a.js", "js_"), User_Agent="other"),
    ]
    assert [status for status, _, _ in ways] == [200] * 5
    assert len({headers["etag"] for _, headers, _ in ways}) == 5


def test_what_may_change_has_no_tag(replay: str) -> None:
    for address in (
        at(replay, "/moved"),
        at(replay, "/", stamp="2026"),
        at(replay, "/none"),
        f"{replay}/news/timegate/{SITE}/",
    ):
        status, headers, _ = get(address)
        assert status in (301, 302, 307, 404)
        assert "etag" not in headers, address
    status, headers, _ = get(at(replay, "/a.js", "oe_"), Range="bytes=0-3")
    assert (status, "etag" in headers) == (206, False)
    assert "etag" not in get(f"{replay}/news/timemap/link/{SITE}/")[1]


def test_no_record_is_read_and_what_left_the_index_is_gone_at_once(root: Path, replay: str) -> None:
    tag = get(at(replay, "/other"))[1]["etag"]
    warc, level = root / "news/archive/other.warc.gz", root / "news/indexes/0.cdxj"
    warc.rename(root / "away")
    assert get(at(replay, "/other"), If_None_Match=tag)[0] == 304
    assert get(at(replay, "/other"))[0] == 503
    (root / "away").rename(warc)
    before = level.read_text()
    new = level.with_name(".new")
    new.write_text("".join(line for line in before.splitlines(True) if "/other " not in line))
    new.replace(level)
    assert get(at(replay, "/other"), If_None_Match=tag)[0] == 404
    new.write_text(before)
    new.replace(level)


def test_a_nearer_capture_is_seen_at_once(root: Path, replay: str) -> None:
    """A part is asked for under the time of its page."""
    address = at(replay, "/late.js", "js_")
    store(root, "news", [Stored(f"{SITE}/late.js", "var a = 1;", "text/javascript", 50)], file="late.warc.gz")
    tag = get(address)[1]["etag"]
    assert get(address, If_None_Match=tag)[0] == 304
    store(root, "news", [Stored(f"{SITE}/late.js", "var a = 2;", "text/javascript", 10)], file="later.warc.gz")
    status, _, body = get(address, If_None_Match=tag)
    assert (status, b"var a = 2" in body) == (200, True)


def test_scripts_of_the_replay_stay_for_ever_at_an_address_with_their_digest(replay: str) -> None:
    scripts = set(re.findall(rb"src=[\"'](http://localhost[^\"']*/static/[^\"']*)", get(at(replay, "/"))[2]))
    assert {one.rpartition(b"/")[2] for one in scripts} >= {b"wombat.js", b"seal.js"}
    for script in scripts:
        status, headers, body = get(script.decode())
        assert (status, headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        assert len(body) > 100
    for path in ("/static/0000000000000000/archiver/seal.js", "/static/0000000000000000/wombat.js"):
        assert get(f"{replay}{path}")[0] == 404


@pytest.mark.browser
def test_a_page_that_a_browser_kept_runs_as_before(replay: str, browser: Browser) -> None:
    page = browser.new_page()
    seen: list[int] = []
    page.on("response", lambda answer: seen.append(answer.status) if answer.url.endswith(".example/") else None)
    for _ in range(3):
        page.goto(at(replay, "/"))
        assert page.evaluate("[window.inline, window.loaded]") == ["number", True]
        page.goto("about:blank")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    statuses: list[int] = []
    network.on("Network.responseReceivedExtraInfo", lambda event: statuses.append(event["statusCode"]))
    page.goto(at(replay, "/"))
    assert page.evaluate("[window.inline, window.loaded]") == ["number", True]
    page.close()
    assert statuses.count(304) >= 2
