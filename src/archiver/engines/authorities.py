"""Certificate authorities: those of the system, and private ones of a PEM file."""

import ssl
from pathlib import Path

import certifi

from archiver.errors import UnreadableInput

SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def system_bundle() -> str:
    """The PEM file of the authorities that this system trusts; Mozilla's where the system has none."""
    candidates = (ssl.get_default_verify_paths().cafile, *SYSTEM_BUNDLES)
    return next((path for path in candidates if path and Path(path).is_file()), certifi.where())


def private_bundle(ca_file: Path) -> bytes:
    """The content of the PEM file `ca_file`. Raises `UnreadableInput` if it is none."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca_file)
        return ca_file.read_bytes()
    except ssl.SSLError as error:
        raise UnreadableInput(str(ca_file), "it holds no certificates in PEM form") from error
    except OSError as error:
        raise UnreadableInput(str(ca_file), (error.strerror or str(error)).lower()) from error
