"""How connections were secured, as libcurl tells the transfers that opened them."""

import re
import ssl
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from archiver.engines import ciphers
from archiver.engines.certificates import Chain

REMEMBERED = 256
"""So many connections of a session; curl keeps far fewer."""

_SECURED = re.compile(rb"SSL connection using TLSv?([\d.]+)(?: / ([\w-]+))?(?: / ([\w-]+))?")


@dataclass(frozen=True, slots=True)
class Handshake:
    """What was agreed on; "" is what is not told."""

    tls: str = ""
    """The version, as `tls/1.3`."""
    cipher: str = ""
    """The suite, by its IANA name."""
    key_exchange: str = ""
    """The group."""
    chain: Chain = ()
    """What the server showed."""


PLAIN = Handshake()


def read_handshake(text: bytes, certificates: Iterable[Iterable[tuple[str, str]]]) -> Handshake:
    """From curl's note on a new connection and its INFO_CERTINFO; `PLAIN` if the note is of something else."""
    if (found := _SECURED.match(text)) is None:
        return PLAIN
    version, suite, group = ((part or b"").decode() for part in found.groups())
    told = (dict(fields).get("Cert", "").strip() for fields in certificates)
    chain = tuple(ssl.PEM_cert_to_DER_cert(pem) for pem in told if pem)
    return Handshake(f"tls/{version}", ciphers.BY_OPENSSL.get(suite, ""), group, chain)


class Handshakes:
    """By curl's number of the connection, since only its first transfer is told. The longest unused are forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, Handshake] = OrderedDict()

    def add(self, connection: int, handshake: Handshake) -> None:
        """Remember that of a new connection."""
        self._known[connection] = handshake
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def of(self, connection: int) -> Handshake:
        """That of a connection in use."""
        if connection not in self._known:
            return PLAIN
        self._known.move_to_end(connection)
        return self._known[connection]
