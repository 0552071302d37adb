"""Real pages and real WARC files made by others; skipped where they are absent."""

import gzip
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from lxml.html import HTMLParser, document_fromstring
from playwright.sync_api import sync_playwright

from archiver.browser import find_chromium
from archiver.replay import running_replay

pytestmark = pytest.mark.corpus


@pytest.fixture
def pages(corpus):
    """The corpus's articles as they are, raw bytes and odd encodings, on a local server: name → URL."""
    files = {path.name.removesuffix(".gz"): path for path in sorted((corpus / "articles").glob("*.html.gz"))}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path = files.get(self.path.lstrip("/"))
            body = gzip.decompress(path.read_bytes()) if path else b""
            self.send_response(200 if path else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield {name: f"http://127.0.0.1:{server.server_port}/{name}" for name in files}
    server.shutdown()
    server.server_close()
    thread.join()


PAYWALLED = "4c7b11c8c190.html"
"""The only page that ends with a demand to register, after a third of its text."""


def refused(lines):
    """Articles that were taken for something else; the one that is behind a paywall must be called so."""
    found = {line["url"].rpartition("/")[2]: (line["verdict"], line["findings"]) for line in lines}
    assert found.pop(PAYWALLED, ["paywall"])[0] == "paywall"
    return {name: told for name, told in found.items() if told[0] not in ("ok", "partial")}


def stamp(line):
    """The 14 digits of a capture's id."""
    return line["capture_id"][:8] + line["capture_id"][9:15]


def replayed(url):
    """(status, body) of a replayed page, as a plain client gets it."""
    try:
        with urlopen(url, timeout=300) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def words(html, charset):
    """The words that a page shows, scripts left out."""
    tree = document_fromstring(html, parser=HTMLParser(encoding=charset, remove_comments=True))
    for element in tree.xpath("//script | //style | //noscript"):
        element.drop_tree()
    return tree.text_content().split()


def seen(page, url):
    """The words that a browser shows without running the page's scripts."""
    page.goto(url, wait_until="domcontentloaded")
    return page.evaluate("document.body.innerText").split()


def capture(archiver, pages, tmp_path, *options):
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("".join(f"{url}\n" for url in pages.values()))
    done = archiver("capture", "--seeds", seeds, "--allow-private", "--json", *options)
    assert len(done.lines) == len(pages), done.err
    assert all(line["capture_id"] for line in done.lines), [line for line in done.lines if not line["capture_id"]]
    assert {line["status"] for line in done.lines} == {200}
    assert archiver("validate").code == 0
    verified = archiver("verify", "--json")
    assert verified.code == 0, [one for one in verified.lines[0]["findings"] if one["level"] == "error"]
    return done.lines


def test_every_article_by_the_http_engine(archiver, pages, tmp_path, corpus):
    lines = capture(archiver, pages, tmp_path, "--engine", "http", "--jobs", "8")
    assert not refused(lines)
    with running_replay(archiver.root) as origin:
        for line in lines:
            name = line["url"].rpartition("/")[2]
            source = gzip.decompress((corpus / "articles" / f"{name}.gz").read_bytes())
            status, body = replayed(f"{origin}/default/{stamp(line)}mp_/{line['final_url']}")
            charset = document_fromstring(source).getroottree().docinfo.encoding
            assert (status, words(body, charset)) == (200, words(source, charset)), name


@pytest.mark.browser
def test_fifteen_articles_by_the_browser(archiver, pages, tmp_path, corpus):
    fifteen = dict(list(pages.items())[::11])
    lines = capture(archiver, fifteen, tmp_path, "--engine", "browser", "--jobs", "4", "--timeout", "40")
    assert not refused(lines)
    with running_replay(archiver.root) as origin, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=flags)
        page = browser.new_context(java_script_enabled=False).new_page()
        page.route(lambda url: "127.0.0.1" not in url and "localhost" not in url, lambda route: route.abort())
        for line in lines:
            replay = f"{origin}/default/{stamp(line)}mp_/{line['final_url']}"
            assert seen(page, replay) == seen(page, line["url"]), line["url"]
        browser.close()


def test_every_warc_made_by_others_ends_with_a_result_or_a_sentence(archiver, corpus):
    files = [
        path for path in sorted((corpus / "warcs").rglob("*")) if path.is_file() and path.suffix not in (".cdxj", "")
    ]
    files = [path for path in files if path.name != "LICENSE"]
    done = archiver("import", "--json", *files)
    told = [(file, line) for file in files for line in done.lines if line["file"].startswith(str(file))]
    assert {file for file, _ in told} == set(files), "a package has a line for each WARC in it"
    for file, line in told:
        if line["path"] is None:
            assert line["findings"] and all(one["message"] for one in line["findings"])
        elif line["file"] == str(file) and file.suffix != ".wacz":
            kept = archiver.root / "default" / line["path"]
            assert kept.read_bytes() == file.read_bytes()
    assert sum(line["path"] is not None for line in done.lines) >= 25
    assert archiver("validate").code == 0
    verified = archiver("verify", "--json")
    assert verified.code == 0, json.dumps(verified.lines, indent=1)
    with running_replay(archiver.root) as origin:
        for row in archiver("list", "--json").lines:
            stamped = re.sub(r"\D", "", row["captured_at"])[:14]
            status, body = replayed(f"{origin}/default/{stamped}mp_/{row['final_url']}")
            assert (status, bool(body)) == (row["status"], True), row["final_url"]
    again = archiver("import", "--json", files[0])
    assert again.lines[0]["captures"] == done.lines[0]["captures"]
