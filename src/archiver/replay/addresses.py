"""Under which addresses the two servers are reached, and which pairs of them keep archived pages away from the app."""

import ipaddress
import socket
from urllib.parse import quote, urlsplit

from archiver.errors import UsageError

NAMES = ("archive.example.org", "replay.example.org")
OWN = ("app.archive.localhost", "replay.archive.localhost")
"""Two hosts of one site on this machine (RFC 6761 §6.3): strict browsers bring no cookie into another site's frame."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `UsageError` if the address cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=256)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited by what it accepts
        return listener
    except (OSError, OverflowError) as error:
        why = (getattr(error, "strerror", None) or str(error)).partition(" (while ")[0]  # create_server adds to it
        raise UsageError(
            f"Cannot listen at {host}:{port}: {why.lower()}.", "Name other ports with --port and --replay-port."
        ) from error


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origins(host: str, ports: tuple[int, int], app: str | None, replay: str | None, *, login: bool) -> tuple[str, str]:
    """The origins of the app and of replay for servers at `host`, whose public addresses may be told.

    Raises `UsageError` where both would have one name: cookies ignore ports, so archived pages could touch the app's;
    and where a browser would not bring the replay host's cookie into the app's frame.
    """
    if app is None and replay is None and is_loopback(host) and login:
        return f"http://{OWN[0]}:{ports[0]}", f"http://{OWN[1]}:{ports[1]}"
    if app is None and replay is None and is_loopback(host):
        name = "[::1]" if host == "::1" else "127.0.0.1"
        return f"http://{name}:{ports[0]}", f"http://localhost:{ports[1]}"
    if app is None or replay is None:
        raise UsageError(
            "Readers elsewhere need one name for the app and another for archived pages: cookies ignore ports.",
            "Give both: --app-url https://{} --replay-url https://{}.".format(*NAMES),
        )
    app, replay = origin(app, "--app-url"), origin(replay, "--replay-url")
    ours, theirs = urlsplit(app), urlsplit(replay)
    if ours.hostname == theirs.hostname:
        raise UsageError(
            f"The app and archived pages cannot both be at {ours.hostname}: cookies ignore ports.",
            "Give --app-url and --replay-url two different host names.",
        )
    if ours.scheme != theirs.scheme:
        raise UsageError("--app-url and --replay-url must both be http, or both https.")
    names = str(ours.hostname), str(theirs.hostname)
    if login and theirs.scheme == "http" and not (one_site(*names) or all(map(is_loopback, names))):
        raise UsageError(
            f"Without TLS, browsers do not bring a login from {ours.hostname} to {theirs.hostname} in a frame.",
            "Use https, or two names under one domain, such as {} and {}.".format(*NAMES),
        )
    return app, replay


def origin(url: str, option: str = "") -> str:
    """`scheme://host[:port]` as browsers write it. Raises `UsageError` if the address is more than that, or none."""
    try:
        parts = urlsplit(url)
        plain = not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain or not url.isascii():
            raise ValueError
        port = "" if parts.port in (None, {"http": 80, "https": 443}[parts.scheme]) else f":{parts.port}"
    except ValueError:
        raise UsageError(f"{url!r} is not the address of a host.", f"Write {option} https://{NAMES[0]}.") from None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def one_site(one: str, other: str) -> bool:
    """Whether browsers count two hosts as one site; told without the list of public suffixes: for a few too many."""
    shared = one.rsplit(".", 2)[-2:]
    return len(shared) == 2 and not shared[1].isdecimal() and shared == other.rsplit(".", 2)[-2:]


def escaped(url: str) -> str:
    """An archived address as it can stand in a link (RFC 8288 §3) and still leads to the same captures.

    Brackets, quotes, blanks and what is no ASCII would end the link.
    """
    return quote(url, safe="%/:=&?~+!$,;'@()*[]")
