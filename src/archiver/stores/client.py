"""A connection to an S3 server: boto3's client as we use it, and its exceptions in our own words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import exceptions as boto
from botocore.config import Config
from botocore.utils import parse_timestamp

from archiver.errors import StoreError, UsageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_SECONDS, READ_SECONDS = 10, 60
CONNECTIONS = 64
"""Kept open at most, each to be used again."""

_CREDENTIALS_HINT = (
    "boto3 looks for them in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then in ~/.aws (AWS_PROFILE chooses)."
)
_REJECTED = ("the server does not accept these credentials", _CREDENTIALS_HINT)
_DENIED = (
    "access is denied",
    "Check the credentials, and that they may list, read and write under this bucket and prefix.",
)
_ELSEWHERE = ("the bucket is in another region", "Set AWS_DEFAULT_REGION to the bucket's region.")
_ABSENT = ("there is no such object", "")
_COLD = ("it is in cold storage", "Have the store restore it to a readable class first, then run this again.")
_REFUSALS = {
    "403": _DENIED,
    "404": _ABSENT,
    "AccessDenied": _DENIED,
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "ExpiredToken": _REJECTED,
    "InvalidAccessKeyId": _REJECTED,
    "InvalidObjectState": _COLD,
    "InvalidToken": _REJECTED,
    "NoSuchBucket": ("there is no such bucket", "Make the bucket first, or check its name and the endpoint."),
    "NoSuchKey": _ABSENT,
    "PermanentRedirect": _ELSEWHERE,
    "RequestTimeTooSkewed": ("this machine's clock differs too much from the server's", "Set the clock."),
    "SignatureDoesNotMatch": _REJECTED,
}
_KINDS = {_ABSENT: "absent", _COLD: "cold", _DENIED: "denied", _REJECTED: "denied"}
"""What some refusals are to those who must tell them apart; see `StoreError`."""
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchUpload", "412", "409"}
"""Answers to a write that may mean: it is there already, perhaps from our own attempt whose answer was lost."""
_BUSY = {"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "TooManyRequests"}
_LINE = (boto.ConnectionError, boto.HTTPClientError, boto.IncompleteReadError)


def connect(where: str, endpoint_url: str | None) -> "S3Client":
    """A client over boto3's own credential chain."""
    return connected(where, endpoint_url)[1]


def connected(where: str, endpoint_url: str | None) -> "tuple[botocore.session.Session, S3Client]":
    """The same with its session, which has the credentials."""
    endpoint_url = endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint_url:
        parts = urlsplit(endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise UsageError("The endpoint is no http(s) address of a host.", "Write it as https://s3.example.org.")
    with answered(where):
        core = botocore.session.get_session()
        core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_instant)
        if endpoint_url:
            # Not Amazon's: no machine of its own would be asked for a role, and to try hangs without a network.
            core.get_component("credential_provider").remove("iam-role")
        session = boto3.Session(botocore_session=core)
        if session.get_credentials() is None:
            raise boto.NoCredentialsError
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if endpoint_url else "auto"},
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONNECTIONS,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return core, session.client("s3", endpoint_url=endpoint_url or None, config=config)


def _instant(written: Any) -> datetime:
    """A date in an answer. botocore's own way takes 0.1 ms, of a listing the greater part."""
    with suppress(TypeError, ValueError):
        at = datetime.fromisoformat(written)
        if at.tzinfo:
            return at
    return parse_timestamp(written)


@contextmanager
def answered(where: str) -> Iterator[None]:
    """boto3's exceptions as `StoreError`. Only codes are passed on, never a server's own words or any header."""
    try:
        yield
    except boto.ClientError as error:
        refusal = f"the server refused ({_status_of(error)} {code_of(error)})"
        why, hint = _REFUSALS.get(code_of(error), (refusal, ""))
        retryable = may_pass(error) or code_of(error) in TAKEN
        raise StoreError(where, why, hint, retryable=retryable, kind=_KINDS.get((why, hint), "")) from error
    except boto.BotoCoreError as error:
        raise _failure(where, error) from error


def _failure(where: str, error: boto.BotoCoreError) -> StoreError:
    """What went wrong before or instead of an answer."""
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError | boto.CredentialRetrievalError):
        return StoreError(where, "there are no S3 credentials", _CREDENTIALS_HINT)
    if isinstance(error, boto.ProfileNotFound | boto.ConfigParseError | boto.ConfigNotFound):
        return StoreError(where, "the AWS configuration names no such profile or cannot be read", _CREDENTIALS_HINT)
    if isinstance(error, boto.SSLError):
        return StoreError(where, "the server's TLS certificate is not accepted", "AWS_CA_BUNDLE names a private CA.")
    if isinstance(error, _LINE):
        hint = "Check the endpoint's address and the network, then run it again."
        return StoreError(where, "the server cannot be reached or broke off", hint, retryable=True)
    return StoreError(where, f"the request could not be made ({type(error).__name__})")


def code_of(error: boto.ClientError) -> str:
    """The code of a server's refusal, such as `NoSuchKey`."""
    return str(error.response["Error"].get("Code") or "")


def may_pass(error: Exception) -> bool:
    """Whether the same request may succeed a moment later: the line broke, the server is busy or has a fault.

    A 409 is a race of two writers that is not decided yet.
    """
    if isinstance(error, boto.ClientError):
        busy = code_of(error) in _BUSY | {"ConditionalRequestConflict", "409"}
        return busy or (_status_of(error) >= 500 and code_of(error) not in ("NotImplemented", "501"))
    return isinstance(error, _LINE) and not isinstance(error, boto.SSLError)


def _status_of(error: boto.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
