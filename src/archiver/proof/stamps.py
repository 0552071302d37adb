"""Time stamps (RFC 3161): asking an authority for one, and judging what it gave. rfc3161-client's only home.

The authority's address is only ever the operator's own; nothing that was archived or received leads to one.
"""

import hashlib
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from archiver.errors import RemoteError, UnreadableInput, UsageError
from archiver.model import timestamp

MOST_BYTES = 1 << 20
"""A token with a chain of certificates has some kilobytes."""
SECONDS = 30.0
"""For the whole answer."""
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
_IMPRINTS = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_MALFORMED = (ValueError, OverflowError, LookupError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)
"""What the libraries raise for bytes that are nearly a time stamp."""
_CERTIFICATES = 0xA0
"""The tag of the certificates in a SignedData (RFC 5652 §5.1)."""
_UNTRUSTED = "certificate verify error"
"""What OpenSSL says where the chain leads to none of the authorities given."""


class StampFailed(RemoteError):
    """An authority gave no time stamp that can be used."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url} gave no time stamp: {why}.", "The signature is kept. Sign again later, or elsewhere.")
        self.url = url
        self.why = why


class BadStamp(Exception):
    """A time stamp is none of what it should be: `str(error)` says why."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a time stamp says."""

    at: str
    """When, by the authority's clock: RFC 3339 UTC in seconds."""
    authority: str
    """Whose certificate it bears, by the certificate's own account."""
    trusted: bool
    """Whether that certificate leads to an authority that is trusted; if not, all of this is mere words."""


def request_stamp(
    url: str, content: bytes, roots: Sequence[x509.Certificate] = (), *, seconds: float = SECONDS
) -> bytes:
    """A time stamp (TimeStampResp, DER) over `content` from the authority at `url`. Raises `StampFailed`.

    With `roots`, one that does not lead to them is refused.
    """
    query = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).build()
    reply = _post(url, query.as_bytes(), seconds)
    try:
        _check_reply(reply, query)
        stamp = read_stamp(reply, content, roots)
    except BadStamp as error:
        raise StampFailed(url, str(error)) from error
    if roots and not stamp.trusted:
        raise StampFailed(url, "its certificate does not lead to the authority named")
    return reply


def read_stamp(reply: bytes, content: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    """What a time stamp over `content` says. Raises `BadStamp` if it is over something else, damaged or forged."""
    try:
        response = _decoded(reply)
        told = response.tst_info
        algorithm = _IMPRINTS.get(told.message_imprint.hash_algorithm.dotted_string, "")
        if not algorithm:
            raise BadStamp("it uses a digest that is not known here")
        digest = hashlib.new(algorithm, content).digest()
        if told.message_imprint.message != digest:
            raise BadStamp("it is over something else")
        return Stamp(timestamp(told.gen_time), _authority(response), _is_trusted(reply, digest, roots))
    except _MALFORMED as error:
        raise BadStamp("it cannot be read") from error


def read_certificates(pem: bytes, where: str) -> list[x509.Certificate]:
    """Certificates in PEM. Raises `UnreadableInput`."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise UnreadableInput(where, "it holds no certificate in PEM form") from error


def subjects(pem: bytes) -> str:
    """Whose certificates these are, by their own account."""
    return "; ".join(one.subject.rfc4514_string() for one in read_certificates(pem, "the certificates"))


def _is_trusted(reply: bytes, digest: bytes, roots: Sequence[x509.Certificate]) -> bool:
    if not roots:
        return False
    try:
        VerifierBuilder(roots=list(dict.fromkeys(roots))).build().verify(_decoded(reply), digest)
        return True
    except VerificationError as error:
        if _UNTRUSTED in str(error):
            return False
        raise BadStamp(
            "its signature is not that of its certificate, or it is no certificate for time stamps"
        ) from error


def _authority(response: TimeStampResponse) -> str:
    """The subject of the certificate that the signature names."""
    signers = [(one.issuer, one.serial_number) for one in response.signed_data.signer_infos]
    for der in response.signed_data.certificates:
        certificate = x509.load_der_x509_certificate(der)
        if (certificate.issuer, certificate.serial_number) in signers:
            return certificate.subject.rfc4514_string()
    return "an authority whose certificate is not enclosed"


def _check_reply(reply: bytes, query: TimeStampRequest) -> None:
    try:
        response = _decoded(reply)
        if response.status not in (0, 1):
            raise BadStamp(f"it refused (status {response.status})")
        if response.tst_info.nonce != query.nonce:
            raise BadStamp("it answers another request than ours")
    except _MALFORMED as error:
        raise BadStamp("the answer is no time stamp") from error


def _decoded(reply: bytes) -> TimeStampResponse:
    """The reply read anew: judging one uses it up. Raises `ValueError`."""
    return decode_timestamp_response(_ordered(reply))


def _ordered(reply: bytes) -> bytes:
    """The reply with its certificates in the order of DER, which the library insists on and many authorities do not.

    Nothing is signed over that order (RFC 5652 §5.1), and no length changes. What is no such reply stays as it is.
    """
    at, end = 0, len(reply)
    for passed in (1, 1, 0, 3):  # the token, behind the status; its content; SignedData, and its fourth member
        try:
            at, end = _content(reply, at)
            for _ in range(passed):
                at = _content(reply, at)[1]
        except IndexError:
            return reply
    if at >= end or reply[at] != _CERTIFICATES:
        return reply
    start, end = _content(reply, at)
    found, at = [], start
    while at < end:
        after = _content(reply, at)[1]
        found.append(reply[at:after])
        at = after
    return reply[:start] + b"".join(sorted(found)) + reply[end:]


def _content(der: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins and ends (X.690 §8.1). Raises `IndexError` beyond the end."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[at + 2 : start], "big")
    if start + length > len(der):
        raise IndexError
    return start, start + length


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The address is the operator's own: nobody else says where the request goes."""

    def redirect_request(self, *_args: Any) -> None:
        return None


def _post(url: str, query: bytes, seconds: float) -> bytes:
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise UsageError(f"{url!r} is no address of a time-stamping authority.", "It begins with https:// or http://.")
    headers = {"Content-Type": QUERY, "Accept": REPLY}
    opener = urllib.request.build_opener(_NoRedirect)
    end = time.monotonic() + seconds
    try:
        with opener.open(urllib.request.Request(url, query, headers), timeout=seconds) as answer:
            if (given := answer.headers.get_content_type()) != REPLY:
                raise StampFailed(url, f"the answer is {given}, not {REPLY}")
            return _read(answer, url, end)
    except urllib.error.HTTPError as error:
        error.close()
        raise StampFailed(url, f"it answered {error.code}") from error
    except (OSError, HTTPException, ValueError) as error:
        why = getattr(error, "reason", error)
        raise StampFailed(url, str(getattr(why, "strerror", None) or why).lower() or "no answer") from error


def _read(answer: HTTPResponse, url: str, end: float) -> bytes:
    content = bytearray()
    while piece := answer.read1(1 << 14):
        content += piece
        if len(content) > MOST_BYTES:
            raise StampFailed(url, "the answer is far too long")
        if time.monotonic() > end:
            raise StampFailed(url, "it took too long")
    return bytes(content)
