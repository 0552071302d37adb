"""How a capture was made, in words for readers: by what, from where, over which connection, and with which settings."""

from collections.abc import Iterator
from typing import Any

from archiver.sidecar import Sidecar
from archiver.web.claims import text_of
from archiver.words import phrase

ENGINES = {
    "browser": phrase("a browser, which ran the page as a reader’s does"),
    "http": phrase("a program that fetched what the server sends, and ran no scripts"),
    "import": phrase("others; their file was taken in as it is"),
}
FIDELITY = {
    "decoded": phrase("as decoded by the browser"),
    "entity": phrase("as the server sent them, without transfer coding"),
    "wire": phrase("exactly as they came over the wire"),
}
TOLD = ("requested_url", "final_url", "captured_at", "status", "verdict", "missing", "agents", "ip", "protocols", "tls")
"""Members of the sidecar's `capture` that stand elsewhere on the page."""


def making(sidecar: Sidecar) -> list[tuple[str, str]]:
    """Labels and what stands beside them, both to be said in the reader's language; only what is known."""
    capture = sidecar.document["capture"]
    agents, tls = capture.get("agents"), capture.get("tls")
    tls = tls if isinstance(tls, dict) else {}
    names = [one for one in agents if isinstance(one, dict)] if isinstance(agents, list) else []
    rows = [
        (phrase("Captured by"), ENGINES.get(capture["engine"], capture["engine"])),
        (phrase("Bodies are kept"), FIDELITY.get(capture["fidelity"], "")),
        (phrase("Software"), ", ".join(f"{one.get('name', '')} {one.get('version', '')}".strip() for one in names)),
        (phrase("Server’s address"), text_of(capture.get("ip"))),
        (phrase("Connection"), _joined(capture.get("protocols"), tls.get("protocol"), tls.get("cipher"))),
        (phrase("Server’s certificate for"), text_of(tls.get("subject"))),
        (phrase("Issued by"), text_of(tls.get("issuer"))),
        (phrase("SHA-256 of the certificate"), text_of(tls.get("certificate_sha256"))),
    ]
    return [row for row in rows if row[1]]


def _joined(protocols: Any, *more: Any) -> str:
    several = protocols if isinstance(protocols, list) else []
    return ", ".join(text for one in (*several, *more) if (text := text_of(one)))


def settings(sidecar: Sidecar) -> list[tuple[str, str]]:
    """All else that is known of the visit: names as they stand in the sidecar, with dots, and values."""
    rest = {name: value for name, value in sidecar.document["capture"].items() if name not in TOLD}
    return list(_flat(rest))


def _flat(members: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in members.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", text_of(value)
