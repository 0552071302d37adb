"""A time-stamping authority of our own: openssl behind a small server on loopback, well-behaved or not."""

import http.server
import subprocess
import threading
from pathlib import Path

CONFIG = """[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""
EXTENSIONS = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n"


def openssl(*words: str | Path) -> bytes:
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True).stdout


class Authority:
    """Its keys and certificates, in a folder: a root, an authority below it, and the one that stamps."""

    def __init__(self, folder: Path, name: str = "Lantern Time") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.root = folder, folder / "root.pem"
        (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        (folder / "extensions").write_text(EXTENSIONS)
        (folder / "middle").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
        fresh = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        root, own, middle = folder / "root.key", folder / "tsa.key", folder / "middle.key"
        openssl(
            "req", "-x509", *fresh, "-keyout", root, "-out", self.root, "-days", "3650", "-subj", f"/CN={name} Root"
        )
        openssl("req", *fresh, "-keyout", own, "-out", folder / "tsa.csr", "-subj", f"/CN={name}")
        openssl("req", *fresh, "-keyout", middle, "-out", folder / "middle.csr", "-subj", f"/CN={name} Intermediate")
        signing = ("-CA", self.root, "-CAkey", root, "-CAcreateserial", "-extfile", folder / "middle")
        openssl("x509", "-req", "-in", folder / "middle.csr", *signing, "-out", folder / "middle.pem", "-days", "3650")
        signing = ("-CA", folder / "middle.pem", "-CAkey", middle, "-CAcreateserial", "-extfile", folder / "extensions")
        openssl("x509", "-req", "-in", folder / "tsa.csr", *signing, "-out", folder / "tsa.pem", "-days", "3650")

    def reply(self, query: bytes) -> bytes:
        """What it answers."""
        (self.folder / "query").write_bytes(query)
        config = ("-config", self.folder / "tsa.cnf", "-section", "own", "-queryfile", self.folder / "query")
        chain = ("-chain", self.folder / "middle.pem")  # in the order in which they sign, not in that of DER
        own = ("-signer", self.folder / "tsa.pem", "-inkey", self.folder / "tsa.key")
        return openssl("ts", "-reply", *config, *own, *chain)


class Server:
    """An authority behind http; `fault` says how it misbehaves."""

    def __init__(self, authority: Authority, fault: str = "") -> None:
        self.fault, self.authority, self.asked = fault, authority, 0
        self._over = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.asked += 1
                query = self.rfile.read(int(self.headers["Content-Length"]))
                outer.answer(self, query)

            def do_GET(self):
                outer.asked += 1

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler, query: bytes) -> None:
        content, kind = b"", "application/timestamp-reply"
        match self.fault:
            case "redirect":
                handler.send_response(302)
                handler.send_header("Location", f"{self.url}other")
                handler.end_headers()
                return
            case "error":
                handler.send_error(503)
                return
            case "silent":
                self._over.wait()
                return
            case "garbage":
                content = b"\x30\x82" + b"no time stamp" * 40
            case "html":
                content, kind = b"<html>Welcome</html>", "text/html"
            case "endless":
                content = b"0" * (2 << 20)
            case "other":
                content = self.authority.reply(openssl("ts", "-query", "-digest", "00" * 32, "-sha256", "-cert"))
            case "no-nonce":
                digest = query[query.index(b"\x04\x20") + 2 :][:32].hex()
                content = self.authority.reply(
                    openssl("ts", "-query", "-digest", digest, "-sha256", "-cert", "-no_nonce")
                )
            case "refusal":
                content = bytes.fromhex("30053003020102")
            case _:
                content = self.authority.reply(query)
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
