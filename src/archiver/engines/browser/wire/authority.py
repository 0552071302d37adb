"""A certificate authority of this process alone, in whose name the tunnel answers the browser.

Its keys are in memory and never in a file of any disk: whoever had them could pose as any site towards this browser.
"""

import datetime
import ipaddress
import os
import ssl
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from archiver.model import now

HOSTS = 1024
"""So many hosts' certificates are kept; further ones are made anew when they are asked for again."""
LIFE = datetime.timedelta(days=365)
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Archiver recording proxy, for this browser alone")])


class Authority:
    """Makes certificates for hosts, all with one key, and forgets both when it is gone."""

    def __init__(self) -> None:
        self._key, self._hosts_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        usage = x509.BasicConstraints(ca=True, path_length=0)
        self._own = self._sign(_NAME, self._key.public_key(), usage)
        self.context = lru_cache(HOSTS)(self._context)
        """Host name or address to the TLS context that answers as that host."""

    @property
    def certificate(self) -> bytes:
        """Its own certificate, DER, for the browser to trust."""
        return self._own.public_bytes(serialization.Encoding.DER)

    def _context(self, host: str) -> ssl.SSLContext:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Archiver recording proxy, in a site's place")])
        names = x509.SubjectAlternativeName([_general_name(host)])
        certificate = self._sign(subject, self._hosts_key.public_key(), names)
        key = self._hosts_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        _load(context, certificate.public_bytes(serialization.Encoding.PEM) + key)
        return context

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        begin = now() - datetime.timedelta(days=1)
        builder = x509.CertificateBuilder(_NAME, subject, key, x509.random_serial_number(), begin, begin + LIFE)
        return builder.add_extension(extension, critical=True).sign(self._key, hashes.SHA256())


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _load(context: ssl.SSLContext, pem: bytes) -> None:
    """Python takes certificates from files only; this one is a file of no disk."""
    with os.fdopen(os.memfd_create("certificate"), "wb") as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
