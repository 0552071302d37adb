"""Where captures may go: web addresses in one normal form, and no way into private networks.

URLs come from archived pages and are hostile. What a name resolves to is checked at the moment of connecting,
on every hop, so that neither a redirect nor a changed DNS answer leads past the check.
"""

import ipaddress
import re
import socket
import string
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlsplit

import idna

from archiver.errors import AddressRefused, FetchFailed, InvalidURL, UsageError

MAX_URL = 8192
"""Characters of the longest URL that is taken (RFC 9110 §4.1 asks for at least 8000 octets)."""

Networks = tuple[IPv4Network | IPv6Network, ...]
"""What may be reached although it is not on the public internet."""

LOOPBACK = ("127.0.0.1", "::1")
DEFAULT_PORTS = {"http": 80, "https": 443}

_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
"""Where clouds keep the secrets of their machines: AWS, Google, Azure (also the fourth), Alibaba, Oracle."""

_SHARED = ipaddress.ip_network("100.64.0.0/10")  # RFC 6598, carrier-grade NAT
_PROTOCOL = ipaddress.ip_network("192.0.0.0/24")  # RFC 6890, IETF protocol assignments
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")  # all that IANA has given out for unicast
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052 §2.1
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214 §6.1

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")

# What browsers leave as it is: the URL Standard's percent-encode sets of path and (special) query, turned round.
_PATH_SAFE = "".join(sorted(set(string.punctuation) - set('"#<>?^`{}')))
_QUERY_SAFE = "".join(sorted(set(string.punctuation) - set("\"#<>'")))


def check_url(url: str) -> str:
    """The normal form of an absolute http(s) URL: as a browser would ask for it, without fragment and user info.

    Scheme and host in lower case, host in its ASCII form (UTS 46) or as a plain IP address however oddly it was
    spelled, no default port, no dot segments, everything that is not ASCII percent-encoded as UTF-8.
    Raises `InvalidURL`.
    """
    text = url.strip(" \t\r\n\f")
    if len(text) > MAX_URL:
        raise InvalidURL(f"{text[:80]}…", f"it is longer than {MAX_URL} characters")
    if _FORBIDDEN.search(text):
        raise InvalidURL(text, "it holds control characters")
    address, mark, rest = text.partition("?")
    try:  # browsers read a backslash before the query as a slash; another reading would be another host
        parts = urlsplit(address.replace("\\", "/") + mark + rest)
        if parts.scheme not in DEFAULT_PORTS:
            raise InvalidURL(text, "only http and https addresses can be captured")
        if not parts.hostname:
            raise InvalidURL(text, "it names no host")
        netloc = _host(parts.hostname, bracketed="[" in parts.netloc) + _port(parts)
    except ValueError as error:
        raise InvalidURL(text, "its host or port is malformed") from error
    path, query = quote(_without_dots(parts.path), _PATH_SAFE), quote(parts.query, _QUERY_SAFE)
    normal = SplitResult(parts.scheme, netloc, path, query, "").geturl()
    if len(normal) > MAX_URL:
        raise InvalidURL(f"{text[:80]}…", f"it is longer than {MAX_URL} characters")
    return normal


def networks(given: Iterable[str]) -> Networks:
    """Networks in CIDR notation, or single addresses, that may be reached. Raises `UsageError`."""
    try:
        return tuple(ipaddress.ip_network(one.strip("[]"), strict=False) for one in given)
    except ValueError as error:
        raise UsageError(f"{error}.", "Give an address, or a network such as 10.1.0.0/16.") from error


def check_address(host: str, address: str, allow_private: bool, allowed: Networks = ()) -> None:
    """Raise `AddressRefused` if `address` (IPv4 or IPv6 as text, of `host`) is not on the public internet.

    With `allow_private` every address is good; those in `allowed` are too.
    """
    if not allow_private and (kind := kind_of(address)) and not _within(address, kind, allowed):
        raise AddressRefused(host, address, kind)


def resolve(host: str, port: int, *, allow_private: bool, allowed: Networks = ()) -> list[str]:
    """The addresses of `host` that a capture may connect to, in the resolver's order.

    `localhost` and names below it are loopback without asking DNS (RFC 6761 §6.3). Addresses that must not be
    reached are left out; `AddressRefused` if there are no others, `FetchFailed` if the name is not known.
    """
    bare = host.strip("[]").lower()
    name = bare.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        found = list(LOOPBACK)
    else:
        try:
            found = [str(ipaddress.ip_address(_host(bare).strip("[]")))]
        except ValueError:
            found = _look_up(bare, port)
    good = [
        address
        for address in found
        if allow_private or (kind := kind_of(address)) is None or _within(address, kind, allowed)
    ]
    if not good:
        check_address(host, found[0], allow_private, allowed)
    return good


def kind_of(address: str) -> str | None:
    """Why captures stay away from `address` ("loopback", "private", "metadata" …), or None for a public one.

    An IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64, ISATAP) is judged as itself.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unreadable"
    if isinstance(found, IPv4Address):
        return _kind(found, public=found.is_global and found not in _PROTOCOL)
    if found in _NAT64 or found.ipv4_mapped:
        return kind_of(str(_lowest(found)))
    inner = (kind_of(str(carried)) for carried in _carried(found))
    return _kind(found, public=found in _GLOBAL_V6 and found.is_global) or next(filter(None, inner), None)


def _within(address: str, kind: str, allowed: Networks) -> bool:
    """Whether an address off the public internet was allowed by name.

    Where clouds keep their secrets is allowed by its own address alone, never as one of a network.
    """
    if not allowed or kind == "unreadable":
        return False
    found = ipaddress.ip_address(address)
    judged = {found, getattr(found, "ipv4_mapped", None) or found}
    return any(
        one in network and (kind != "metadata" or network.num_addresses == 1)
        for network in allowed
        for one in judged
        if one.version == network.version
    )


def _kind(address: IPv4Address | IPv6Address, *, public: bool) -> str | None:
    kinds = {
        "metadata": address in _METADATA,
        "unspecified": address.is_unspecified,
        "loopback": address.is_loopback,
        "link-local": address.is_link_local,
        "multicast": address.is_multicast,
        "carrier NAT": address in _SHARED,
        "reserved": address.is_reserved,
        "private": address.is_private,
    }
    return next((kind for kind, holds in kinds.items() if holds), None if public else "reserved")


def _lowest(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)


def _carried(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses to which a tunnel would carry what is sent to `address`."""
    found = [*(address.teredo or ()), *([address.sixtofour] if address.sixtofour else [])]
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        found.append(_lowest(address))
    return found


def _look_up(host: str, port: int) -> list[str]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        why = "the name servers do not answer" if error.errno == socket.EAI_AGAIN else "the host name is not known"
        raise FetchFailed(host, why) from error
    except (UnicodeError, ValueError, OverflowError) as error:
        raise FetchFailed(host, "the host name is not known") from error
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def _port(parts: SplitResult) -> str:
    """`:PORT`, or nothing where it is the scheme's own; ValueError if there is no such port."""
    if parts.port == 0:
        raise ValueError(parts.netloc)
    return "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"


def _host(host: str, *, bracketed: bool = False) -> str:
    """The host as it is asked for, an IPv6 address in brackets; ValueError if it is none."""
    if bracketed or ":" in host:
        if "%" in host:
            raise ValueError(host)  # a zone means something on one machine only
        return f"[{IPv6Address(host)}]"
    name = unquote_to_bytes(host).decode()
    if not name.isascii():
        name = idna.encode(name, uts46=True, std3_rules=False).decode()
    name = name.lower()
    labels = name.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return str(_loose_ipv4(labels))
    if len(name) > 254 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(host)
    return name


def _loose_ipv4(parts: list[str]) -> IPv4Address:
    """An IPv4 address in any spelling that browsers take: 127.1, 0x7f.1, 0177.0.0.1, 2130706433."""
    *front, last = [_number(part) for part in parts]
    if len(front) > 3 or any(number > 255 for number in front) or last >= 256 ** (4 - len(front)):
        raise ValueError(".".join(parts))
    return IPv4Address(last + sum(number << (24 - 8 * place) for place, number in enumerate(front)))


def _number(text: str) -> int:
    """A part of an IPv4 address: hexadecimal after 0x, octal after 0, else decimal."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    if text[1:2] == "x":
        return int(text[2:] or "0", 16)
    return int(text, 8 if text.startswith("0") else 10)


def _without_dots(path: str) -> str:
    """`path` with its `.` and `..` segments carried out (RFC 3986 §5.2.4), also where they are percent-encoded."""
    kept: list[str] = []
    segments = path.split("/")[1:] or [""]
    for place, segment in enumerate(segments):
        plain = re.sub("%2e", ".", segment, flags=re.IGNORECASE)
        if plain == "..":
            kept = kept[:-1]
        if plain not in (".", ".."):
            kept.append(segment)
        elif place == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)
