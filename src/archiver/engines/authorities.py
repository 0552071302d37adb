"""Certificate authorities: those of the system, and private ones of a PEM file."""

import re
import ssl
from pathlib import Path

import certifi

from archiver.errors import UnreadableInput

_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
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


def read_authorities(ca_file: Path) -> list[bytes]:
    """The certificates of a PEM file, as DER. Raises `UnreadableInput` if it holds none, or a damaged one."""
    try:
        text = ca_file.read_text("ascii", "replace")
        found = [ssl.PEM_cert_to_DER_cert(block) for block in _CERTIFICATE.findall(text)]
        if found:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=b"".join(found))
    except (ValueError, ssl.SSLError) as error:
        raise UnreadableInput(str(ca_file), "a certificate in it is damaged") from error
    except OSError as error:
        raise UnreadableInput(str(ca_file), (error.strerror or str(error)).lower()) from error
    if not found:
        raise UnreadableInput(str(ca_file), "it holds no certificate", "Give a PEM file of certificate authorities.")
    return found
