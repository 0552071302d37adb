"""The two requests that carry an S3 object's bytes, made without boto3's model of the whole API.

boto3 takes about 1.5 ms of processor time for each; of a push of many small files that is the greater part
(docs/adr/0017). What matters is still botocore's: credentials, address of the bucket, signature, TLS, proxies, errors.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from botocore import exceptions as boto
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.httpsession import URLLib3Session, get_cert_path
from botocore.parsers import RestXMLParser
from botocore.response import StreamingBody
from botocore.utils import get_environ_proxies

from archiver.model import timestamp
from archiver.stores.client import CONNECT_SECONDS, CONNECTIONS, READ_SECONDS, may_pass
from archiver.stores.curl import Curl, Piece

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_s3 import S3Client

ATTEMPTS = 5
"""How often a request is made while the line or a busy server fails it; 0.2 to 1.6 s lie between, more by chance."""
GET_ATTEMPTS = 3
"""The same for reading: where an object's bytes have rotted, some servers take long to say so, each time."""
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

_HEADERS = {
    "ChecksumSHA256": "x-amz-checksum-sha256",
    "ContentMD5": "Content-MD5",
    "IfNoneMatch": "If-None-Match",
    "ObjectLockLegalHoldStatus": "x-amz-object-lock-legal-hold",
    "ObjectLockMode": "x-amz-object-lock-mode",
    "ObjectLockRetainUntilDate": "x-amz-object-lock-retain-until-date",
}
_Answer = TypeVar("_Answer")


class _Signature(S3SigV4Auth):
    """AWS Signature 4 over a payload digest that is known already."""

    def payload(self, request: AWSRequest) -> str:
        return str(request.context["sha256"])


class Wire:
    """A bucket's objects by HTTP. Threads may share one. Raises botocore's exceptions, as its client does."""

    def __init__(self, client: "S3Client", session: "Session", bucket: str) -> None:
        """`client` says where the bucket is; `session` who asks."""
        self._credentials: Any = session.get_credentials()
        self._region = client.meta.region_name
        signed = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "-"})
        self._address = signed.partition("?")[0][:-1]  # by botocore's own rules for addresses
        verify, proxies = session.get_config_variable("ca_bundle") or True, get_environ_proxies(self._address)
        self._curl = Curl(
            lambda: self._credentials.get_frozen_credentials(), self._region, str(get_cert_path(verify)), proxies
        )
        self._http = URLLib3Session(
            verify=verify,
            proxies=proxies,
            timeout=(CONNECT_SECONDS, READ_SECONDS),  # type: ignore[arg-type]
            max_pool_connections=CONNECTIONS,
        )

    def put(
        self, key: str, content: bytes, sha256: str, arguments: Mapping[str, Any], query: str = ""
    ) -> Mapping[str, str]:
        """PutObject, or UploadPart with its `query`; returns the answer's headers.

        `sha256` is that of `content`; `arguments` as boto3's calls have them.
        """

        def put() -> Mapping[str, str]:
            told: Mapping[str, str]
            if query:
                told = self._ask("PUT", key, query, headers(arguments), sha256, content).headers
            else:
                told = self._curl.put(self._url(key), content, sha256, headers(arguments))
            if "etag" not in told:  # not an S3 server's: a portal in between, or an answer cut in its head
                raise boto.ConnectionClosedError(endpoint_url=self._address)
            return told

        return tried(put)

    def get(self, key: str, range: str = "") -> tuple[Mapping[str, str], StreamingBody]:
        """GetObject, or the `range` of it; the answer's headers and its body, which the caller closes."""
        answer = tried(lambda: self._ask("GET", key, "", {"Range": range} if range else {}, EMPTY, None), GET_ATTEMPTS)
        return answer.headers, StreamingBody(answer.raw, answer.headers.get("Content-Length"))  # type: ignore[arg-type]

    def piece(self, key: str, start: int, most: int) -> Piece:
        """Up to `most` bytes of an object from `start` on, in memory; of what broke off, what had come."""
        return tried(lambda: self._curl.get(self._url(key), start, most), GET_ATTEMPTS)

    def _url(self, key: str) -> str:
        return f"{self._address}{quote(key, safe='/~')}"

    def _ask(  # noqa: PLR0917  the parts of a request, in their order
        self, method: str, key: str, query: str, named: dict[str, str], sha256: str, content: bytes | None
    ) -> AWSResponse:
        request = AWSRequest(method, f"{self._url(key)}{query}", named, content)
        request.context["sha256"] = sha256
        _Signature(self._credentials.get_frozen_credentials(), "s3", self._region).add_auth(request)
        request.stream_output = method == "GET"
        answer = self._http.send(request.prepare())
        if answer.status_code <= 300:
            return answer
        facts = {"status_code": answer.status_code, "headers": answer.headers, "body": answer.content}
        raise boto.ClientError(RestXMLParser().parse(facts, None), method)  # type: ignore[arg-type]


def headers(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Arguments of boto3's calls as the headers that they become."""
    named: dict[str, str] = {}
    for name, value in arguments.items():
        if name == "Metadata":
            named |= {f"x-amz-meta-{key}": text for key, text in value.items()}
        else:
            named[_HEADERS[name]] = value if isinstance(value, str) else timestamp(value)
    return named


def tried(ask: Callable[[], _Answer], attempts: int = ATTEMPTS) -> _Answer:
    """`ask`, again while it fails in a way that may pass."""
    import stamina  # not for a look at what is there, which asks by botocore alone

    for attempt in stamina.retry_context(on=may_pass, attempts=attempts, timeout=None, wait_initial=0.2, wait_max=10):
        with attempt:
            return ask()
    raise AssertionError  # the last attempt returns or raises
