"""Real pages and real WARC files made by others; skipped where they are absent."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

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


def capture(archiver, pages, tmp_path, *options):
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("".join(f"{url}\n" for url in pages.values()))
    done = archiver("capture", "--seeds", seeds, "--allow-private", "--json", *options, timeout=1500)
    assert len(done.lines) == len(pages), done.err
    assert all(line["capture_id"] for line in done.lines), [line for line in done.lines if not line["capture_id"]]
    assert {line["status"] for line in done.lines} == {200}
    assert archiver("validate").code == 0
    verified = archiver("verify", "--json", timeout=600)
    assert verified.code == 0, [one for one in verified.lines[0]["findings"] if one["level"] == "error"]
    return done.lines


@pytest.mark.timeout(900)
def test_every_article_by_the_http_engine(archiver, pages, tmp_path):
    lines = capture(archiver, pages, tmp_path, "--engine", "http", "--jobs", "8")
    assert {line["verdict"] for line in lines} <= {"ok", "partial"}


@pytest.mark.browser
@pytest.mark.timeout(900)
def test_thirty_articles_by_the_browser(archiver, pages, tmp_path):
    thirty = dict(list(pages.items())[::5][:30])
    capture(archiver, thirty, tmp_path, "--engine", "browser", "--jobs", "4", "--timeout", "40")


def test_every_warc_made_by_others_ends_with_a_result_or_a_sentence(archiver, corpus):
    files = [
        path for path in sorted((corpus / "warcs").rglob("*")) if path.is_file() and path.suffix not in (".cdxj", "")
    ]
    files = [path for path in files if path.name != "LICENSE"]
    done = archiver("import", "--json", *files)
    assert len(done.lines) == len(files)
    for file, line in zip(files, done.lines, strict=True):
        if line["path"] is None:
            assert line["findings"][0]["level"] == "error" and line["findings"][0]["message"]
        else:
            kept = archiver.root / "default" / line["path"]
            assert kept.read_bytes() == file.read_bytes()
    assert sum(line["path"] is not None for line in done.lines) >= 25
    assert archiver("validate").code == 0
    verified = archiver("verify", "--json")
    assert verified.code == 0, json.dumps(verified.lines, indent=1)
    again = archiver("import", "--json", files[0])
    assert again.lines[0]["captures"] == done.lines[0]["captures"]
