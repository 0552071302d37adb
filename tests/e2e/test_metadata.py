"""What a capture's sidecar says of the article: as the page was sent, and as its scripts left it."""

import http.server
import threading
from collections.abc import Iterator

import pytest

TEXT = "".join(f"<p>{'The doctors went back to work after three weeks of repairs. ' * 4}</p>" for _ in range(6))
LATE = f"""<!doctype html><html lang="en"><title>Loading</title><div id="here"></div>
<form class="search"><input name="id"></form><script>
document.title = "Hospital reopens | The Herald";
document.getElementById("here").innerHTML = `<article><h1>Hospital reopens</h1>
<p class="byline">By <a rel="author" href="/o">Olena Koval</a>
<time datetime="2026-11-19T08:30:00+02:00">19 November</time></p>
{TEXT}</article><aside class="related-card"><time datetime="2026-11-12">12 November</time></aside>`;
</script>"""


class Late(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = LATE.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def late() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Late) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/a"
        server.shutdown()


@pytest.mark.browser
def test_a_page_made_by_scripts_is_read_as_they_left_it(archiver, late):
    done = archiver("capture", late, "--engine", "browser", "--allow-private", "--json")
    assert done.code == 0, done.err
    sidecar = archiver("show", done.lines[0]["capture_id"], "--json").lines[0]["sidecar"]
    article = sidecar["article"]
    assert article["headline"] == "Hospital reopens"
    assert article["author"] == [{"@type": "Person", "name": "Olena Koval"}]
    assert article["datePublished"] == "2026-11-19T08:30:00+02:00"
    told = {(one["about"], one["source"]) for one in sidecar["assertions"]}
    assert ("/article/author", "rendered") in told
    assert ("/article/author", "served") not in told
    assert ("/article/headline", "served") in told
    assert sidecar["warc"]["records"]["articleText"]["url"] == f"urn:article:{late}"
    assert archiver("validate").code == 0
