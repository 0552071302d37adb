"""Replay of pages whose WARCs are in a bucket alone: in Chromium, over SeaweedFS, with faults on the way."""

import http.client
import io
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Frame, Page

import s3server
from archiver.cli import run
from archiver.collection import Root
from archiver.replay import Replay
from archiver.stores import open_store
from archiver.sync import pull, push
from faultproxy import Fault, FaultProxy, fault_proxy, on, refusal
from newsroom.films import WHOLE
from stockroom import Invented, add
from storing import STAMP, Stored, store

pytestmark = [pytest.mark.browser, pytest.mark.servers]

SITE = "https://news.example"
BUCKET = "archive"
FILM = WHOLE.read_bytes()


def picture(colour: str = "teal") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (32, 20), colour).save(stream, "JPEG")
    return stream.getvalue()


PARTS = {
    "page": '<h1>Kept</h1><img id=a src="/a.jpg"><img id=b src="/b.jpg"><script src="/c.js"></script>',
    "film": '<video src="/film.mp4" muted preload=auto></video>',
}


@dataclass
class Away:
    """A replay over collections whose WARCs are in the bucket: `news`, of captures, and `parts`, a WARC a record."""

    root: Path
    servers: Replay
    proxy: FaultProxy
    client: object

    def url(self, path: str, modifier: str = "mp_", name: str = "parts") -> str:
        return f"{self.servers.replay}/{name}/{STAMP}{modifier}/{SITE}{path}"

    def asked(self, name: str) -> list[str]:
        """Requests for objects of a collection since the last call."""
        seen = [path for _, path in self.proxy.seen if f"/{BUCKET}/{name}/" in path]
        self.proxy.seen.clear()
        return seen


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Away]:
    folder = tmp_path_factory.mktemp("away")
    with (
        pytest.MonkeyPatch.context() as patch,
        s3server.seaweedfs(folder / "s3") as server,
        fault_proxy(server.endpoint_url) as proxy,
    ):
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in server.environment.items():
            patch.setenv(name, value)
        server.make_bucket(BUCKET)
        root = folder / "root"
        with_captures(root, folder / "origin", server.endpoint_url)
        with_parts(root, server.client())
        with Replay(
            root, port=0, replay_port=0, remote=(f"s3://{BUCKET}/{{collection}}", proxy.endpoint_url)
        ) as servers:
            yield Away(root, servers, proxy, server.client())


def with_captures(root: Path, origin: Path, endpoint_url: str) -> None:
    """Captured elsewhere, pushed, pulled here without WARCs, and indexed at the bucket by the command."""
    news = Root(origin).create("news", "News", agent="test/1")
    add(news, Invented(f"{SITE}/story", headline="Lights are back", thumbnail=picture()))
    there = open_store(f"s3://{BUCKET}/news", endpoint_url=endpoint_url)
    assert push(news, there).exit_code == 0
    assert pull(Root(root).place("news"), there, warcs=False).exit_code == 0
    remote = ["--remote", f"s3://{BUCKET}/news", "--endpoint-url", endpoint_url]
    assert run(["--root", str(root), "reindex", "-c", "news", *remote]) == 0
    assert not (root / "news" / "archive").exists()
    shutil.rmtree(origin)


def with_parts(root: Path, client) -> None:
    stored = {
        "page": Stored(f"{SITE}/page", PARTS["page"]),
        "film-page": Stored(f"{SITE}/film", PARTS["film"]),
        "film": Stored(f"{SITE}/film.mp4", FILM, "video/mp4", headers=(("Accept-Ranges", "bytes"),)),
        "a": Stored(f"{SITE}/a.jpg", picture("teal"), "image/jpeg"),
        "b": Stored(f"{SITE}/b.jpg", picture("red"), "image/jpeg"),
        "c": Stored(f"{SITE}/c.js", "document.title = 'run'", "text/javascript"),
        "here": Stored(f"{SITE}/here", "<p>here</p>"),
        "gone": Stored(f"{SITE}/gone", "<p>gone</p>"),
        "large": Stored(f"{SITE}/large", os.urandom(3 << 20), "application/octet-stream"),
    }
    for name, one in stored.items():
        store(root, "parts", [one], file=f"{name}.warc.gz")
        if name not in ("here", "gone"):
            file = root / "parts" / "archive" / f"{name}.warc.gz"
            client.upload_file(str(file), BUCKET, f"parts/archive/{name}.warc.gz")
            file.unlink()
    (root / "parts" / "archive" / "gone.warc.gz").unlink()


@pytest.fixture(autouse=True)
def whole(away: Away) -> Iterator[None]:
    away.proxy.faults.clear()
    away.proxy.seen.clear()
    yield
    away.proxy.faults.clear()


def get(url: str, **headers: str) -> tuple[int, str, bytes]:
    asked = urllib.request.Request(url, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=300) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


def test_a_reader_finds_and_reads_what_is_in_the_bucket_alone(away: Away, browser: Browser) -> None:
    page = browser.new_page()
    out: list[str] = []
    page.on("request", lambda request: out.append(request.url))
    page.goto(away.servers.app)
    page.wait_for_load_state("networkidle")
    image = "document.querySelector('.card img')"
    assert page.evaluate(f"{image}.complete && {image}.naturalWidth") == 32
    page.click("text=Lights are back")
    page.get_by_role("link", name="Open in replay").click()
    heading = page.frame_locator("iframe").locator("h1")
    heading.wait_for()
    assert heading.inner_text() == "Lights are back"
    page.close()
    assert [url for url in out if not url.startswith((away.servers.app, away.servers.replay))] == []
    assert set(away.asked("news")) == {
        f"/{BUCKET}/news/{path}" for path in Root(away.root).collection("news").absent_warcs()
    }


def framed(page: Page, address: str) -> Frame:
    """Where the app shows what is opened at an address of the replay host."""
    page.goto(address, wait_until="load")
    frame = page.wait_for_selector("iframe").content_frame()
    assert frame is not None
    frame.wait_for_load_state("load")
    return frame


def test_a_film_plays_and_seeks(away: Away, browser: Browser) -> None:
    page = browser.new_page()
    told = framed(page, away.url("/film")).evaluate(
        """async () => {
            const video = document.querySelector('video');
            const event = name => new Promise(done => video.addEventListener(name, done, { once: true }));
            if (!video.readyState) await event('loadedmetadata');
            const found = [];
            for (const share of [0.8, 0.1, 0.6]) {
                const there = event('seeked');
                video.currentTime = video.duration * share;
                await there;
                found.push(Math.round(10 * video.currentTime / video.duration), video.readyState >= 2);
            }
            video.playbackRate = 3;
            video.play();
            await event('ended');
            return { found, wide: video.videoWidth, error: video.error?.message ?? "" };
        }"""
    )
    page.close()
    assert told == {"found": [8, True, 1, True, 6, True], "wide": 640, "error": ""}
    assert f"/{BUCKET}/parts/archive/film.warc.gz" in away.asked("parts")


def test_parts_of_a_film_are_its_own_bytes(away: Away) -> None:
    status, _, body = get(away.url("/film.mp4", "oe_"), Range="bytes=1000-1999")
    assert (status, body) == (206, FILM[1000:2000])


def test_a_file_here_is_read_here(away: Away) -> None:
    status, _, body = get(away.url("/here"))
    assert (status, b"here" in body) == (200, True)
    assert away.asked("parts") == []
    assert get(away.url("/page"))[0] == 200
    assert away.asked("parts") == [f"/{BUCKET}/parts/archive/page.warc.gz"]  # one request for one record


def test_the_command_reads_from_a_folder_as_well(tmp_path: Path) -> None:
    store(tmp_path / "disk", "news", [Stored(f"{SITE}/", "<p>from the disk</p>")])
    news = Root(tmp_path / "root").create("news", "News", agent="test/1")
    shutil.copytree(tmp_path / "disk" / "news" / "indexes", news.indexes, dirs_exist_ok=True)
    remote = f"{(tmp_path / 'disk').as_uri()}/{{collection}}"
    command = [sys.executable, "-m", "archiver", "--root", str(news.path.parent), "replay", "--remote", remote]
    with subprocess.Popen([*command, "--port=0", "--replay-port=0", "--json"], stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            urls = json.loads(server.stdout.readline())
            status, _, body = get(f"{urls['replay']}/news/{STAMP}mp_/{SITE}/")
        finally:
            server.terminate()
    assert (status, b"from the disk" in body) == (200, True)


COLD = refusal(403, "InvalidObjectState", "The operation is not valid for the object's storage class")
DENIED = refusal(403, "AccessDenied")
BROKEN = refusal(500, "InternalError")


@pytest.mark.parametrize(
    ("answer", "status", "english", "ukrainian"),
    [
        (COLD, 503, "In cold storage", "У холодному сховищі"),
        (DENIED, 503, "The store lets nobody in", "Сховище не дає доступу"),
        (BROKEN, 502, "Cannot be read now", "Зараз не читається"),
    ],
)
@pytest.mark.parametrize("modifier", ["mp_", "id_"])
def test_what_the_store_does_not_give_is_told_plainly(
    away: Away, answer: bytes, status: int, english: str, ukrainian: str, modifier: str
) -> None:
    away.proxy.faults.append(Fault(on("GET", "page.warc.gz"), answer=answer, times=20))
    told, kind, body = get(away.url("/page", modifier))
    assert (told, kind) == (status, "text/html; charset=utf-8")
    text = body.decode()
    assert english in text and f'<section lang="uk">\n<h2>{ukrainian}' in text
    for secret in (away.proxy.endpoint_url, urlsplit(away.proxy.endpoint_url).netloc, "s3://", "AWS_", "warc.gz"):
        assert secret not in text
    for secret in (os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], f"{BUCKET}/parts"):
        assert secret not in text
    away.proxy.faults.clear()
    assert get(away.url("/page"))[0] == 200  # and it is no longer so


def test_what_is_in_neither_place_is_told(away: Away) -> None:
    status, _, body = get(away.url("/gone"))
    assert (status, "Missing from the store" in body.decode()) == (404, True)
    assert (get(away.url("/never"))[0], b"never captured" in get(away.url("/never"))[2]) == (404, True)


def test_another_version_does_not_pass_for_the_one_that_cannot_be_read(away: Away) -> None:
    store(away.root, "parts", [Stored(f"{SITE}/page", "<p>another day</p>", seconds=86_400)], file="later.warc.gz")
    away.proxy.faults.append(Fault(on("GET", "page.warc.gz"), answer=COLD, times=20))
    status, _, body = get(away.url("/page"))
    assert (status, b"another day" in body) == (503, False)


def test_a_part_that_cannot_be_read_fails_alone(away: Away, browser: Browser) -> None:
    away.proxy.faults.append(Fault(on("GET", "b.warc.gz"), answer=COLD, times=20))
    page = browser.new_page()
    frame = framed(page, away.url("/page"))
    frame.wait_for_function("document.title == 'run'")
    wide = {name: frame.evaluate(f"document.querySelector('#{name}').naturalWidth") for name in "ab"}
    page.close()
    assert wide == {"a": 32, "b": 0}


def test_an_answer_that_breaks_off_is_taken_up_again(away: Away) -> None:
    away.proxy.faults.append(Fault(on("GET", "large.warc.gz"), keep=1 << 20))
    status, _, body = get(away.url("/large", "id_"))
    assert (status, len(body)) == (200, 3 << 20)
    assert len(away.asked("parts")) == 2


def test_an_answer_that_keeps_breaking_off_does_not_pass_for_the_whole(away: Away) -> None:
    away.proxy.faults.append(Fault(on("GET", "large.warc.gz"), keep=1 << 20))
    away.proxy.faults.append(
        Fault(on("GET", "large.warc.gz"), answer=b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n", times=99)
    )
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        get(away.url("/large", "id_"))
    away.proxy.faults.clear()
    assert get(away.url("/large", "id_"))[0] == 200


def test_an_index_that_points_elsewhere_reaches_nothing(away: Away) -> None:
    away.client.put_object(Bucket=BUCKET, Key="secret.warc.gz", Body=b"secret")
    level = away.root / "parts" / "indexes" / "0.cdxj"
    line = next(line for line in level.read_text().splitlines() if "/here" in line and '"200"' in line)
    name = '"filename": "here.warc.gz"'
    lines = [
        line.replace("/here", f"/stray{number}").replace(name, f'"filename": "{path}"')
        for number, path in enumerate(("../../secret.warc.gz", "../../../secret.warc.gz", "/etc/passwd"))
    ]
    assert all(name not in one for one in lines)
    level.write_text("".join(f"{one}\n" for one in sorted([*level.read_text().splitlines(), *lines])))
    for number in range(3):
        status, _, body = get(away.url(f"/stray{number}"))
        assert (status, b"root:" in body) == (503, False)
    assert away.proxy.seen == []
