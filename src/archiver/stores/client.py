"""A connection to an S3 server: boto3's client as we use it, and its exceptions in our own words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import exceptions as boto
from botocore.config import Config

from archiver.errors import StoreError, UsageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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


def connect(where: str, endpoint_url: str | None) -> "S3Client":
    """A client over boto3's own credential chain."""
    endpoint_url = endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint_url:
        parts = urlsplit(endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise UsageError("The endpoint is no http(s) address of a host.", "Write it as https://s3.example.org.")
    with answered(where):
        core = botocore.session.get_session()
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
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=16,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return session.client("s3", endpoint_url=endpoint_url or None, config=config)


@contextmanager
def answered(where: str) -> Iterator[None]:
    """boto3's exceptions as `StoreError`. Only codes are passed on, never a server's own words or any header."""
    try:
        yield
    except boto.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        why, hint = _REFUSALS.get(code_of(error), (f"the server refused ({status} {code_of(error)})", ""))
        retryable = status >= 500 or code_of(error) in _BUSY | TAKEN
        kind = _KINDS.get((why, hint), "")
        raise StoreError(where, why, hint, retryable=retryable, kind=kind) from error
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
    if isinstance(error, boto.ConnectionError | boto.HTTPClientError | boto.IncompleteReadError):
        hint = "Check the endpoint's address and the network, then run it again."
        return StoreError(where, "the server cannot be reached or broke off", hint, retryable=True)
    return StoreError(where, f"the request could not be made ({type(error).__name__})")


def code_of(error: boto.ClientError) -> str:
    """The code of a server's refusal, such as `NoSuchKey`."""
    return str(error.response["Error"].get("Code") or "")
