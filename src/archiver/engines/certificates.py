"""Certificates of a connection: a chain as a record of the WARC, and what the sidecar tells of it."""

import hashlib
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from archiver.model import Resource, new_body, now, timestamp

Chain = tuple[bytes, ...]
"""Certificates in DER form, the server's own first."""

MEDIA_TYPE = "application/x-pem-file"


def origin_of(url: str) -> str:
    """The origin of an https or wss URL, as `https://HOST:PORT`."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"https://{host}:{parts.port or 443}"


def records(chains: Mapping[str, Chain]) -> Iterator[Resource]:
    """A `certificates` resource for each origin (`https://HOST:PORT`) with the chain that it showed."""
    for origin, chain in chains.items():
        if chain:
            yield Resource("certificates", f"{origin}/", MEDIA_TYPE, new_body(pem(chain)), now())


def pem(chain: Chain) -> bytes:
    """The chain as PEM, above each certificate a comment line that says whose it is."""
    return "".join(f"# {_comment(der)}\n{ssl.DER_cert_to_PEM_cert(der)}" for der in chain).encode()


def facts(chain: Chain, protocol: str, cipher: str, key_exchange: str) -> dict[str, Any]:
    """What the sidecar's `capture.tls` tells of a connection; what is not known, "" or no chain, is left out.

    `protocol` is in the form of WARC-Protocol. Names in the certificate are in the form of RFC 4514; of one that
    cannot be read, only its digest is told.
    """
    told: dict[str, Any] = {"protocol": protocol.replace("tls/", "TLS "), "cipher": cipher}
    told["key_exchange"] = key_exchange
    if chain:
        digests = [hashlib.sha256(der).hexdigest() for der in chain]
        told |= {"certificate_sha256": digests[0], "chain": digests, **_names(chain[0])}
    return {name: value for name, value in told.items() if value}


def _names(der: bytes) -> dict[str, str]:
    try:
        own = x509.load_der_x509_certificate(der)
        return {
            "issuer": own.issuer.rfc4514_string(),
            "subject": own.subject.rfc4514_string(),
            "valid_from": timestamp(own.not_valid_before_utc),
            "valid_until": timestamp(own.not_valid_after_utc),
        }
    except (ValueError, OverflowError, x509.InvalidVersion):
        return {}


def _comment(der: bytes) -> str:
    digest = hashlib.sha256(der).hexdigest()
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = f"{certificate.subject.rfc4514_string()}, issued by {certificate.issuer.rfc4514_string()}"
    except (ValueError, x509.InvalidVersion):
        names = "a certificate that cannot be read"
    plain = "".join(character if character.isprintable() else " " for character in names)
    return f"{plain}, SHA-256 {digest}"
