"""What the browser's own connections prove of the servers: their certificates, kept as records and told of."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

from archiver.browser import BrowserError
from archiver.engines.browser.recording import Recording
from archiver.engines.certificates import Chain, facts, origin_of, records
from archiver.model import Item

PATIENCE = 2.0
"""Seconds for the page's renderer to hand out a certificate; it may be busy for ever with the page's scripts."""


async def evidence(recording: Recording, put: Callable[[Item], Awaitable[None]]) -> dict[str, Any]:
    """Give `put` the certificates of every host that was spoken to in TLS; returns the sidecar's `tls`, for the page's.

    Origins that only workers spoke to are unknown to the page's session, and so are their certificates.
    """
    chains = await _chains(recording)
    for resource in records(chains):
        await put(resource)
    tunnel, url = recording.tunnel, recording.document
    if not url.startswith("https:"):
        return {}
    chain = chains.get(origin_of(url), ())
    return {"tls": facts(chain, tunnel.tls(url), tunnel.cipher(url), recording.log.key_exchange(url))}


async def _chains(recording: Recording) -> dict[str, Chain]:
    """What each origin showed: to the browser or, where its TLS does not pass as it is, to the tunnel."""
    tunnel, secure = recording.tunnel, ("https:", "wss:")
    origins = {origin_of(note.url) for note in recording.notes.lines if note.url.startswith(secure) and note.ip}
    found = {origin: tunnel.certificates(origin) for origin in sorted(origins)}
    if recording.fidelity == "wire":
        return found
    try:
        async with asyncio.timeout(PATIENCE):
            for origin in found:
                told = await recording.tab.session.send("Network.getCertificate", origin=origin)
                found[origin] = tuple(base64.b64decode(certificate) for certificate in told["tableNames"])
    except (BrowserError, TimeoutError):
        pass  # the page is gone, and with it what it knew
    return found
