"""The http engine against real servers: what was sent is what is kept, and what must not be reached is not."""

import gzip
import hashlib
import socket
import socketserver
import threading
import time
import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from archiver import verdict
from archiver.engines import EngineOptions, guard
from archiver.engines.authorities import system_bundle
from archiver.engines.http.engine import HttpEngine
from archiver.errors import AddressRefused, FetchFailed, InvalidURL, UnreadableInput
from archiver.model import Exchange, Limits, PageInfo, Resource
from newsroom import Newsroom

LIMITS = Limits()


@dataclass
class Visited:
    """A whole visit, its bodies read."""

    exchanges: list[Exchange]
    bodies: list[bytes]
    info: PageInfo

    @property
    def main(self):
        return next(one for one in self.exchanges if one.role == "main")

    def body(self, path):
        return next(body for one, body in zip(self.exchanges, self.bodies, strict=True) if path_of(one.url) == path)

    def exchange(self, path):
        return next(one for one in self.exchanges if path_of(one.url) == path)

    def note(self, path):
        return next(note for note in self.info.requests if path_of(note.url) == path)

    @property
    def paths(self):
        return [path_of(one.url) for one in self.exchanges]

    @property
    def verdict(self):
        main = [one for one in self.exchanges if one.role == "main"]
        status, cut = (main[0].response.status, main[0].truncated is not None) if main else (None, False)
        return verdict.judge(status, self.info, truncated=cut)


def path_of(url):
    parts = urllib.parse.urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def visit(engine, url, limits=LIMITS):
    exchanges, bodies, info = [], [], None
    for item in engine.capture(url, limits):
        assert info is None, "PageInfo is the last item"
        if isinstance(item, Exchange):
            with item.response.body as body:
                exchanges.append(item)
                bodies.append(body.read())
        elif isinstance(item, Resource):
            assert item.name == "certificates"
            item.body.close()
        else:
            info = item
    assert sum(one.role == "main" for one in exchanges) <= 1
    kept = Counter(one.url for one in exchanges)
    assert kept == Counter(note.url for note in info.requests if note.recorded)
    return Visited(exchanges, bodies, info)


def header(headers, name):
    return [value for key, value in headers if key.lower() == name.lower()]


class Wire(socketserver.ThreadingTCPServer):
    """A server that says exactly the bytes it is told to, by path, and remembers what it was asked."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, answers, address="127.0.0.1"):
        super().__init__((address, 0), Talk)
        self.answers, self.heads, self.connections = answers, [], 0
        self.root = f"http://{address}:{self.server_address[1]}"

    @property
    def asked(self):
        return [head.split()[1].decode() for head in self.heads]


class Talk(socketserver.BaseRequestHandler):
    def handle(self):
        self.server.connections += 1
        pending = b""
        with self.request:
            while True:
                while b"\r\n\r\n" not in pending:
                    try:
                        piece = self.request.recv(65536)
                    except OSError:
                        return
                    if not piece:
                        return
                    pending += piece
                head, _, pending = pending.partition(b"\r\n\r\n")
                self.server.heads.append(head + b"\r\n\r\n")
                answer = self.server.answers.get(head.split()[1].decode(), plain(b"none", status="404 Not Found"))
                try:
                    keep = answer(self.request) if callable(answer) else self.request.sendall(answer)
                except OSError:
                    return
                if keep is False:
                    return


def plain(body, *lines, status="200 OK", media_type="text/plain"):
    head = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def page(markup, *lines):
    return plain(f"<!doctype html>{markup}".encode(), *lines, media_type="text/html; charset=utf-8")


def moved(location, *lines, status="302 Found"):
    return plain(b"", f"Location: {location}", *lines, status=status)


@contextmanager
def serving(answers, address="127.0.0.1"):
    with Wire(answers, address) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def newsroom():
    with Newsroom() as site:
        yield site


@pytest.fixture(scope="module")
def engine(newsroom):
    with HttpEngine(EngineOptions(allow_private=True, ca_file=newsroom.ca_file)) as engine:
        yield engine


@pytest.fixture
def strict():
    with HttpEngine(EngineOptions()) as engine:
        yield engine


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


# What is kept


@pytest.mark.parametrize("start", ["article", "http_article", "article_uk", "short_link"])
def test_a_news_article_is_kept_as_it_was_sent(newsroom, engine, start):
    newsroom.clear_log()
    seen = visit(engine, getattr(newsroom, start))
    served = {one.url: one for one in newsroom.log()}
    assert set(served) == {one.url for one in seen.exchanges}
    for one, body in zip(seen.exchanges, seen.bodies, strict=True):
        told = served[one.url]
        assert hashlib.sha256(body).hexdigest() == told.sent_sha256, one.url
        assert one.response.status == told.status
        assert one.ip in ("127.0.0.1", "::1")
        secure = one.url.startswith("https:")
        assert one.protocols == (("h2", "tls/1.3") if secure else ("http/1.1",))
        assert one.truncated is None
    assert header(seen.main.response.headers, "content-encoding") == ["gzip"]
    assert seen.verdict == ("ok", [])


def test_the_article_comes_with_what_it_needs(newsroom, engine):
    seen = visit(engine, newsroom.article)
    kinds = {path_of(one.url): one.resource_type for one in seen.exchanges}
    assert kinds["/static/site.css"] == "stylesheet"
    assert kinds["/static/lantern-marks.woff2"] == "font"  # found in the style sheet
    assert kinds["/en/map"] == kinds["/en/hours"] == "document"
    assert kinds["/static/map.svg"] == "image"  # found in the frame's style sheet
    assert kinds["/pump-house.mp4"] == "media"
    assert seen.exchange("/members/plan.png").response.status == 200  # only for those with the article's cookie
    assert seen.exchange("/press-card.png").response.status == 404
    assert seen.info.final_url == newsroom.article
    assert seen.info.engine == "http"
    assert seen.info.fidelity == "entity"
    assert "Archiver/" in seen.info.user_agent
    assert any(agent.startswith("libcurl/") for agent in seen.info.agents)


def test_redirects_lead_to_the_page(newsroom, engine):
    seen = visit(engine, newsroom.short_link)
    assert [(one.role, one.response.status) for one in seen.exchanges[:3]] == [
        ("redirect", 302),
        ("redirect", 301),
        ("main", 200),
    ]
    assert seen.info.url == newsroom.short_link
    assert seen.info.final_url == newsroom.article == seen.main.url


def test_request_headers_are_the_bytes_sent(engine):
    with serving({"/": page('<img src="a.png">')}) as server:
        seen = visit(engine, server.root + "/#part")
        assert path_of(seen.main.url) == "/"
        for one, head in zip(seen.exchanges, server.heads, strict=True):
            sent = "".join(f"{name}: {value}\r\n" for name, value in one.request.headers)
            assert head == f"GET {path_of(one.url)} HTTP/1.1\r\n{sent}\r\n".encode("latin-1")
            assert one.request.method == "GET"
            assert one.request.body is None
            assert header(one.request.headers, "accept-encoding") == ["gzip, deflate, br"]
            assert header(one.request.headers, "range") == []
        assert header(seen.exchanges[1].request.headers, "referer") == [server.root + "/"]


def test_response_headers_are_the_bytes_received(engine):
    answer = (
        b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>; rel=preload\r\n\r\n"
        b"HTTP/1.1 200 All Right\r\nX-Name: caf\xe9 \xd1\x97\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nx-EMPTY:\r\n"
        b"Content-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"
    )
    with serving({"/": answer}) as server:
        main = visit(engine, server.root).main
    assert (main.response.status, main.response.reason) == (200, "All Right")
    assert main.response.headers == (
        ("X-Name", b"caf\xe9 \xd1\x97".decode("latin-1")),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("x-EMPTY", ""),
        ("Content-Type", "text/html"),
        ("Content-Length", "2"),
    )


def test_chunk_framing_comes_off_and_is_remembered(engine):
    zipped = gzip.compress(b"<img src=a.png>")
    framed = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in zipped) + b"0\r\nX-Trailer: late\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving({"/": head + framed}) as server:
        seen = visit(engine, server.root)
    assert seen.body("/") == zipped
    assert header(seen.main.response.headers, "x-archive-orig-transfer-encoding") == ["chunked"]
    assert header(seen.main.response.headers, "transfer-encoding") == []
    assert header(seen.main.response.headers, "x-trailer") == []
    assert seen.paths == ["/", "/a.png"]


@pytest.mark.parametrize("coding", ["gzip", "br", "unknown"])
def test_a_body_that_is_not_what_its_coding_says_is_kept(engine, coding):
    body = b"<p>plain all the same</p>"
    answer = plain(body, f"Content-Encoding: {coding}", media_type="text/html")
    with serving({"/": answer}) as server:
        assert visit(engine, server.root).body("/") == body


def test_styles_are_followed_three_deep_and_frames_once(engine):
    styles = {f"/{n}.css": f"@import '{n + 1}.css'; a{{b:url({n}.png)}}" for n in range(1, 6)}
    answers = {
        "/": page('<link rel=stylesheet href="1.css"><iframe src="frame"></iframe>'),
        **{path: plain(text.encode(), media_type="text/css") for path, text in styles.items()},
        "/frame": page('<img src="in-frame.png"><iframe src="inner-frame"></iframe>'),
    }  # fmt: skip
    with serving(answers) as server:
        seen = visit(engine, server.root)
    assert set(seen.paths) == {
        "/", "/1.css", "/2.css", "/3.css", "/4.css", "/1.png", "/2.png", "/3.png", "/frame", "/in-frame.png",
    }  # fmt: skip


def test_everything_is_asked_for_once_and_requisites_may_move(engine):
    answers = {
        "/": page('<img src="a.png"><img src="b.png"><img src="a.png#x"><img src="/"><img src="circle.png">'),
        "/a.png": moved("/c.png"),
        "/b.png": moved("/c.png", status="301 Moved Permanently"),
        "/c.png": plain(b"picture", media_type="image/png"),
        "/circle.png": moved("/circle.png"),
    }
    with serving(answers) as server:
        seen = visit(engine, server.root)
        assert sorted(server.asked) == ["/", "/a.png", "/b.png", "/c.png", "/circle.png"]
    assert seen.exchange("/c.png").role == "part"
    assert seen.verdict == ("ok", [])


def test_cookies_last_for_one_visit(engine):
    answers = {"/": page('<img src="a.png">', "Set-Cookie: ticket=7; Path=/")}
    with serving(answers) as server:
        first = visit(engine, server.root)
        again = visit(engine, server.root)
    assert header(first.main.request.headers, "cookie") == []
    assert header(first.exchange("/a.png").request.headers, "cookie") == ["ticket=7"]
    assert header(again.main.request.headers, "cookie") == []


def test_a_page_may_redirect_to_itself_to_set_a_cookie(engine):
    def answer(connection):
        with_cookie = b"Cookie: seen=1" in server.heads[-1]
        connection.sendall(page("welcome") if with_cookie else moved("/", "Set-Cookie: seen=1"))

    with serving({"/": answer}) as server:
        seen = visit(engine, server.root)
    assert [one.role for one in seen.exchanges] == ["redirect", "main"]


def test_connections_are_kept(engine):
    answers = {"/": page("".join(f'<img src="{n}.png">' for n in range(30)))}
    with serving(answers) as server:
        for _ in range(3):
            visit(engine, server.root)
        assert len(server.heads) == 93
        assert server.connections <= 7


def test_many_threads_share_an_engine(newsroom, engine):
    urls = [newsroom.article, newsroom.http_article, newsroom.article_uk, newsroom.short_link] * 3
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda url: visit(engine, url), urls))
    assert {one.verdict[0] for one in seen} == {"ok"}
    assert len({tuple(sorted(one.paths)) for one in seen}) == 4 - 1  # both schemes of the English article agree


# What ends otherwise


@pytest.mark.parametrize(
    ("trick", "word", "status"),
    [("missing", "not-found", 404), ("gone", "not-found", 410), ("failing", "error", 500), ("blocked", "blocked", 403)],
)
def test_error_pages_are_kept_and_judged(newsroom, engine, trick, word, status):
    seen = visit(engine, newsroom.trick(trick))
    assert seen.main.response.status == status
    assert seen.verdict[0] == word


def test_a_redirect_loop_ends_with_a_reason(newsroom, engine):
    seen = visit(engine, newsroom.trick("loop"))
    assert {one.role for one in seen.exchanges} == {"redirect"}
    assert seen.verdict == ("error", ["It redirects in a circle."])


def test_endless_redirects_end_with_a_reason(engine):
    with serving({f"/{n}": moved(f"/{n + 1}") for n in range(99)}) as server:
        seen = visit(engine, server.root + "/0")
    assert len(seen.exchanges) == 21
    assert seen.verdict == ("error", ["It redirects more than 20 times."])


@pytest.mark.parametrize("location", ["ftp://example.org/", "http://[", "intent:x", "http://a..b/"])
def test_a_redirect_to_no_web_address_ends_with_a_reason(engine, location):
    with serving({"/": moved(location)}) as server:
        seen = visit(engine, server.root)
    word, reasons = seen.verdict
    assert word == "error"
    assert "is not a web address" in reasons[0]


def test_a_redirect_to_a_dead_server_is_offline(engine):
    with serving({"/": moved(f"http://127.0.0.1:{closed_port()}/")}) as server:
        seen = visit(engine, server.root)
    word, reasons = seen.verdict
    assert word == "offline"
    assert "connection refused" in reasons[0]


def test_location_may_be_utf8_or_relative(engine):
    answers = {"/a/b": moved("../їжак?x".encode().decode("latin-1")), "/%D1%97%D0%B6%D0%B0%D0%BA?x": page("here")}
    with serving(answers) as server:
        assert path_of(visit(engine, server.root + "/a/b").main.url) == "/%D1%97%D0%B6%D0%B0%D0%BA?x"


def garbage(connection):
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    return False


def silence(_connection):
    return False


@pytest.mark.parametrize(
    ("answer", "why"),
    [(garbage, "the server does not speak HTTP"), (silence, "closed the connection without an answer")],
)
def test_no_answer_is_a_failed_fetch(engine, answer, why):
    with serving({"/": answer}) as server, pytest.raises(FetchFailed, match=why) as failure:
        visit(engine, server.root)
    assert failure.value.exit_code == 5


def test_unknown_hosts_and_closed_ports_are_failed_fetches(engine):
    with pytest.raises(FetchFailed, match="the host name is not known"):
        visit(engine, "http://nowhere.invalid/")
    with pytest.raises(FetchFailed, match="connection refused"):
        visit(engine, f"http://127.0.0.1:{closed_port()}/")


def test_what_is_no_web_address_is_not_visited(engine):
    with pytest.raises(InvalidURL):
        visit(engine, "ftp://example.org/")


def test_certificates_are_checked(newsroom):
    with HttpEngine(EngineOptions(allow_private=True)) as strict:
        with pytest.raises(FetchFailed, match="the certificate is not trusted: self-signed"):
            visit(strict, newsroom.article)
        seen = visit(strict, newsroom.http_article)
    unanswered = [note for note in seen.info.requests if not note.served]
    assert unanswered
    assert all(note.url.startswith("https:") and "not trusted" in note.why for note in unanswered)


def test_a_certificate_for_another_host_is_refused(newsroom, engine):
    url = newsroom.article.replace("news.localhost", "other.localhost")
    with pytest.raises(FetchFailed, match=r"the certificate is not trusted: .*other\.localhost"):
        visit(engine, url)


@pytest.mark.parametrize(("content", "why"), [(None, "no such file"), (b"not a certificate", "no certificate")])
def test_a_useless_ca_file_is_named(tmp_path, content, why):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableInput, match=why), HttpEngine(EngineOptions(ca_file=path)):
        pass


def test_the_systems_authorities_stay_trusted(newsroom):
    with HttpEngine(EngineOptions(ca_file=newsroom.ca_file)) as engine:
        with open(system_bundle(), "rb") as system, open(engine._ca_bundle, "rb") as joined:  # noqa: PTH123
            bundle = joined.read()
            assert bundle.startswith(system.read())
        assert newsroom.ca_file.read_bytes().strip() in bundle


# What is cut


def test_a_connection_that_breaks_is_told(newsroom, engine):
    seen = visit(engine, newsroom.trick("short", "http"))
    assert seen.main.truncated == "disconnect"
    assert seen.bodies[0] == b"cut " * 50
    assert header(seen.main.response.headers, "content-length") == ["200"]
    assert header(seen.main.response.headers, "x-archive-orig-content-length") == ["1000"]
    assert seen.verdict == ("partial", ["The page itself was cut short."])


def test_a_broken_chunk_is_a_broken_connection(engine):
    def answer(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n")
        return False

    with serving({"/": answer}) as server:
        seen = visit(engine, server.root)
    assert (seen.main.truncated, seen.bodies[0]) == ("disconnect", b"hello")


def test_a_long_body_is_cut_at_the_limit(engine):
    with serving({"/": plain(bytes(100_000)), "/exact": plain(bytes(5000))}) as server:
        seen = visit(engine, server.root, replace(LIMITS, body_bytes=5000))
        whole = visit(engine, server.root + "/exact", replace(LIMITS, body_bytes=5000))
    assert (seen.main.truncated, len(seen.bodies[0])) == ("length", 5000)
    assert header(seen.main.response.headers, "content-length") == ["5000"]
    assert header(seen.main.response.headers, "x-archive-orig-content-length") == ["100000"]
    assert seen.verdict[0] == "partial"
    assert (whole.main.truncated, len(whole.bodies[0]), whole.verdict) == (None, 5000, ("ok", []))


def test_an_endless_body_ends_with_the_time(newsroom, engine):
    started = time.monotonic()
    seen = visit(engine, newsroom.trick("endless"), Limits(seconds=3))
    assert time.monotonic() - started < 60
    assert seen.main.truncated == "time"
    assert seen.bodies[0].startswith(b"line 1: the river goes on\nline 2")
    word, reasons = seen.verdict
    assert word == "partial"
    assert "The time limit of 3 s was reached." in reasons


def test_an_endless_part_ends_with_the_limits(engine):
    def forever(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n")
        while True:
            connection.sendall(bytes(10_000))

    with serving({"/": page('<audio src="radio">'), "/radio": forever}) as server:
        seen = visit(engine, server.root, replace(LIMITS, body_bytes=1_000_000))
    assert seen.exchange("/radio").truncated == "length"
    assert len(seen.body("/radio")) == 1_000_000
    assert seen.verdict == ("partial", [f"{server.root}/radio was cut short: the limit of one body was reached."])


def test_a_page_that_does_not_answer_ends_with_the_time(newsroom, engine):
    with pytest.raises(FetchFailed, match="it did not answer in time"):
        visit(engine, newsroom.trick("slow") + "?seconds=60", Limits(seconds=3))


def test_a_server_that_does_not_shake_hands_ends_with_the_time(engine):
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(FetchFailed, match="no connection came about"):
        visit(engine, f"https://127.0.0.1:{mute.getsockname()[1]}/", Limits(seconds=0.5))


def test_what_no_time_is_left_for_is_counted(engine):
    slow = threading.Event()

    def wait(_connection):
        slow.wait(60)
        return False

    answers = {"/": page("".join(f'<img src="{n}.png">' for n in range(20)))} | {f"/{n}.png": wait for n in range(20)}
    with serving(answers) as server:
        seen = visit(engine, server.root, Limits(seconds=4))
        slow.set()
    word, reasons = seen.verdict
    assert word == "partial"
    assert reasons == ["The time limit of 4 s was reached.", "No time was left for 14 further requests."]
    assert sum(not note.served for note in seen.info.requests) == 6


def test_the_number_of_requests_is_limited(engine):
    with serving({"/": page("".join(f'<img src="{n}.png">' for n in range(20)))}) as server:
        seen = visit(engine, server.root, replace(LIMITS, requests=8))
        assert len(server.heads) == 8
    assert seen.verdict == ("partial", ["The limit of 8 requests was reached for 13 further requests."])


def test_a_dead_server_is_not_tried_for_every_picture(engine):
    dead = f"http://127.0.0.1:{closed_port()}"
    unknown = "http://nowhere.invalid"
    images = "".join(f'<img src="{host}/{n}.png">' for n in range(20) for host in (dead, unknown))
    with serving({"/": page(images + '<img src="/alive.png">')}) as server:
        seen = visit(engine, server.root)
    whys = [note.why for note in seen.info.requests if not note.served]
    assert len(whys) == 40
    assert sum(why.startswith("Not tried again") for why in whys) >= 28
    assert seen.exchange("/alive.png").response.status == 404
    assert seen.verdict == ("ok", [])  # nothing that was served is missing


def test_a_bomb_is_kept_small(engine):
    bomb = gzip.compress(bytes(200 << 20), 9)
    answer = plain(bomb, "Content-Encoding: gzip", media_type="text/html")
    with serving({"/": answer}) as server:
        started = time.monotonic()
        seen = visit(engine, server.root)
    assert seen.bodies[0] == bomb
    assert time.monotonic() - started < 100


def test_leaving_early_frees_the_visit(newsroom, engine):
    items = engine.capture(newsroom.http_article, LIMITS)
    for _ in range(3):
        next(items).response.body.close()
    items.close()
    assert visit(engine, newsroom.http_article).verdict == ("ok", [])


def test_an_engine_can_be_left_while_a_visit_runs(newsroom):
    engine = HttpEngine(EngineOptions(allow_private=True, ca_file=newsroom.ca_file))
    with engine:
        items = engine.capture(newsroom.http_article, LIMITS)
        next(items).response.body.close()
    items.close()
    assert engine._idle is None


# Where it must not go


def test_private_addresses_are_refused(strict):
    with serving({"/": page("secret")}) as server:
        port = server.server_address[1]
        for host in ("127.0.0.1", "localhost", "a.localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "0"):
            with pytest.raises(AddressRefused) as refusal:
                visit(strict, f"http://{host}:{port}/")
            assert refusal.value.exit_code == 4
        assert server.connections == 0


def test_a_name_that_points_inside_is_refused(strict):
    name = socket.gethostname()
    try:
        found = socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)
    except socket.gaierror:
        pytest.skip("this machine's own name has no address")
    if not all(guard.kind_of(answer[4][0]) for answer in found):
        pytest.skip("this machine's own name has a public address")
    with pytest.raises(AddressRefused, match=name):
        visit(strict, f"http://{name}:{closed_port()}/")


@pytest.fixture
def public_loopback(monkeypatch):
    """127.0.0.2 plays the public internet; all other addresses are what they are."""
    kind_of = guard.kind_of
    monkeypatch.setattr(guard, "kind_of", lambda address: None if address == "127.0.0.2" else kind_of(address))


def test_a_redirect_into_the_inside_is_refused(public_loopback, strict):
    with serving({"/": page("secret")}) as inside, serving({"/": moved(inside.root)}, "127.0.0.2") as outside:
        with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
            visit(strict, outside.root)
        assert inside.connections == 0
        assert outside.asked == ["/"]


def test_requisites_on_the_inside_are_not_asked_for(public_loopback, strict):
    with serving({"/a.png": plain(b"secret")}) as inside:
        markup = f'<img src="{inside.root}/a.png"><img src="/moved.png"><img src="/b.png">'
        answers = {"/": page(markup), "/moved.png": moved(f"{inside.root}/c.png"), "/b.png": plain(b"public")}
        with serving(answers, "127.0.0.2") as outside:
            seen = visit(strict, outside.root)
        assert inside.connections == 0
    assert sorted(seen.paths) == ["/", "/b.png", "/moved.png"]
    assert "loopback address 127.0.0.1" in seen.note("/a.png").why
    assert not seen.note("/c.png").served
    assert seen.verdict == ("ok", [])


def test_a_proxy_of_the_environment_is_not_used(engine, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    with serving({"/": page("direct")}) as server:
        assert visit(engine, server.root).verdict == ("ok", [])
