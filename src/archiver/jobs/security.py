"""Where a cluster may be reached. Dask runs what it is sent: whoever reaches its port is master of the machine.

So addresses are on this machine's loopback, or else both sides prove themselves by certificates of one authority.
"""

import ipaddress
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from archiver.errors import PartMissing, PolicyRefusal, UnreadableInput, UsageError

CONNECTING = 10.0
"""Seconds that a scheduler may take to answer."""


def distributed() -> ModuleType:
    """Dask's module. Raises `PartMissing` where it is not installed: it is an extra."""
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")  # what it has to say, our errors say
    try:
        import distributed as dask
    except ImportError as error:
        remedy = "Install the extra: pip install 'archiver[cluster]'."
        raise PartMissing("dask.distributed", "clusters need it", remedy) from error
    for name in ("distributed.client", "asyncio"):  # Dask leaves tasks behind that nobody asks for their error
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return dask


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: the authority that both sides trust, and this side's own certificate and key."""

    ca: Path
    cert: Path
    key: Path

    def security(self) -> Any:
        """The same as Dask has it. Raises `UnreadableInput` if a file is not there."""
        for path in (self.ca, self.cert, self.key):
            if not path.is_file():
                raise UnreadableInput(str(path), "there is no such file")
        own = {
            f"tls_{side}_{kind}": str(getattr(self, kind)) for side in ("client", "worker") for kind in ("cert", "key")
        }
        return distributed().Security(tls_ca_file=str(self.ca), require_encryption=True, **own)


def tls_of(ca: Path | None, cert: Path | None, key: Path | None) -> Tls | None:
    """The three files, or None without any. Raises `UsageError` if only some are named."""
    if ca and cert and key:
        return Tls(ca, cert, key)
    if ca or cert or key:
        raise UsageError("TLS needs three files.", "Give --tls-ca, --tls-cert and --tls-key.")
    return None


def check_address(address: str, tls: Tls | None) -> str:
    """A scheduler's address in full.

    Raises `UsageError` if it is none, `PolicyRefusal` if it is neither on loopback nor spoken to by TLS.
    """
    full = address if "://" in address else f"{'tls' if tls else 'tcp'}://{address}"
    try:
        parts = urlsplit(full)
        fit = bool(parts.scheme in ("tcp", "tls") and parts.hostname and parts.port)
    except ValueError:
        fit = False
    if not fit:
        raise UsageError(
            f"{address!r} is no scheduler's address.", "Give one such as tcp://127.0.0.1:8786, or `local`."
        )
    if parts.scheme == "tls" and tls is None:
        raise UsageError("TLS needs three files.", "Give --tls-ca, --tls-cert and --tls-key.")
    if parts.scheme == "tcp" and not _loopback(parts.hostname or ""):
        raise PolicyRefusal(
            f"{address} is not on this machine, and without TLS whoever is on the way could run programs on it.",
            "Give the scheduler TLS and a tls:// address, with --tls-ca, --tls-cert and --tls-key.",
        )
    return full


def bound_to(address: str) -> str | None:
    """The address that a worker listens at: loopback, or with TLS the one that faces the scheduler."""
    parts = urlsplit(address)
    if parts.scheme == "tls":
        return None
    return "::1" if ":" in (parts.hostname or "") else "127.0.0.1"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
