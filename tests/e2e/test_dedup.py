"""Bodies kept once still replay, also when only their captures travel."""

import subprocess
import sys
import urllib.request
from urllib.error import HTTPError

import pytest
from playwright.sync_api import sync_playwright
from warcio.archiveiterator import ArchiveIterator

from archiver.browser import find_chromium
from archiver.capture import AGENT
from archiver.collection import Root
from archiver.ledger import Event
from archiver.package.closure import closure
from archiver.replay import running_replay
from newsroom.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.servers]

ORIGINAL, DOUBLE, AGAIN = "/doubles/first.png", "/doubles/second.png", "/doubles/second.png?again"


def revisits(path):
    """URL → the URL that it refers to."""
    with path.open("rb") as stream:
        found = [one.rec_headers for one in ArchiveIterator(stream) if one.rec_type == "revisit"]
    return {one["WARC-Target-URI"]: one["WARC-Refers-To-Target-URI"] for one in found}


def replayed(replay, line, url, collection="default", modifier="im_"):
    stamp = line["capture_id"][:8] + line["capture_id"][9:15]
    try:
        with urllib.request.urlopen(f"{replay}/{collection}/{stamp}{modifier}/{url}", timeout=300) as answer:
            return answer.read()
    except HTTPError as error:
        return error.code


def test_a_picture_at_two_addresses_is_kept_once_and_seen_twice(archiver, newsroom, reach):
    (line,) = archiver("capture", newsroom.trick("doubles"), *reach, "--engine", "browser", "--json").lines
    assert line["verdict"] == "ok"
    path = archiver.root / "default" / line["warc"]
    first, second, again = (newsroom.url("tricks", name) for name in (ORIGINAL, DOUBLE, AGAIN))
    made = revisits(path)
    assert len(made) == 2 and set(made.values()) | set(made) == {first, second, again}
    assert archiver("verify", "--json").lines[0]["findings"] == []
    check = subprocess.run([sys.executable, "-m", "warcio.cli", "check", path], check=False, capture_output=True)
    assert check.returncode == 0

    with running_replay(archiver.root) as replay, sync_playwright() as playwright:
        for url in (first, second, again):
            assert replayed(replay, line, url) == picture("ferry", 320, "png"), url
        stamp = line["capture_id"][:8] + line["capture_id"][9:15]
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-quic"])
        page = browser.new_page()
        page.goto(f"{replay}/default/{stamp}mp_/{line['final_url']}")
        page.wait_for_load_state("load")
        widths = page.evaluate("[...document.images].map(image => image.naturalWidth)")
        browser.close()
    assert widths == [320, 320, 320, 4, 4]


def test_originals_travel_along_and_the_revisit_replays_far_from_home(archiver, newsroom, reach):
    assert archiver("init", "shared", "--title", "Shared", "--dedup").code == 0
    into = (*reach, "--engine", "http", "-c", "shared", "--json")
    lines = [archiver("capture", newsroom.trick("doubles"), *into).lines[0] for _ in range(2)]
    home = Root(archiver.root).collection("shared")
    second = lines[1]
    pictures = [newsroom.url("tricks", name) for name in (ORIGINAL, DOUBLE, AGAIN)]
    assert set(revisits(home.local(second["warc"]))) == set(pictures)
    assert archiver("show", second["capture_id"], "--json").lines[0]["sidecar"]["relations"]["requires"] == [
        lines[0]["capture_id"]
    ]

    far = Root(archiver.root.parent / "far")
    travelling, findings = closure(home, [second["capture_id"]])
    assert findings == []
    for name, captures in (("whole", travelling), ("torn", [second["capture_id"]])):
        copy = far.create(name, name, agent=AGENT)
        for capture in captures:
            sidecar = home.sidecar(capture)
            with copy.draft(capture) as (draft, stream):
                stream.write(home.local(sidecar.warc_file).read_bytes())
                stream.flush()
                copy.commit(draft, [sidecar], Event("capture", AGENT, capture=capture))

    with running_replay(far.path) as replay:
        for url in pictures:
            assert replayed(replay, second, url, "whole") == picture("ferry", 320, "png"), url
        assert replayed(replay, second, pictures[0], "torn") in (404, 503), "or this test shows nothing"


def test_when_the_original_is_erased_its_dependent_still_replays(archiver, newsroom, reach):
    assert archiver("init", "shared", "--title", "Shared", "--dedup").code == 0
    into = (*reach, "--engine", "http", "-c", "shared", "--json")
    first, second = (archiver("capture", newsroom.trick("doubles"), *into).lines[0] for _ in range(2))
    pictures = [newsroom.url("tricks", name) for name in (ORIGINAL, DOUBLE, AGAIN)]
    assert set(revisits(archiver.root / "shared" / second["warc"])) == set(pictures)
    done = archiver("erase", first["capture_id"], "--basis", "contract", "--by", "M. K.", "--yes", "--json")
    assert (done.code, done.lines[0]["rewritten"]) == (0, [second["capture_id"]])
    with running_replay(archiver.root) as replay:
        for url in pictures:
            assert replayed(replay, second, url, "shared") == picture("ferry", 320, "png"), url
            assert replayed(replay, first, url, "shared") == picture("ferry", 320, "png"), "by the nearest capture"
    assert archiver("verify", "--json").lines[0]["findings"] == []
    assert archiver("validate").code == 0
    assert [line["id"] for line in archiver("list", "--json").lines] == [second["capture_id"]]


def test_a_capture_may_be_told_to_stand_alone(archiver, newsroom, reach):
    assert archiver("init", "shared", "--title", "Shared", "--dedup").code == 0
    into = (*reach, "--engine", "http", "-c", "shared", "--json", "--dedup", "off")
    for _ in range(2):
        (line,) = archiver("capture", newsroom.trick("doubles"), *into).lines
        assert revisits(archiver.root / "shared" / line["warc"]) == {}
    shown = archiver("show", line["capture_id"], "--json").lines[0]["sidecar"]
    assert shown["capture"]["options"]["dedup"] == "off" and "relations" not in shown
