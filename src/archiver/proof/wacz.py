"""The signature inside a WACZ file: `signedData` of datapackage-digest.json (WACZ Signing and Verification 0.1.0).

What is signed is the text of `hash`, such as `sha256:…`, with ECDSA over SHA-256. The anonymous form carries its key:
on the curve P-384, the signature as the two numbers behind each other, which is what browsers make and read. The other
form carries the certificate of a domain and a time stamp over the signature's text.
"""

import base64
import binascii
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from archiver import AGENT, disk
from archiver.proof.keys import package_key
from archiver.proof.stamps import BadStamp, read_stamp

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORM = "0.1.0"
_NUMBER = 48
"""Bytes of a number on P-384."""


_MALFORMED = (
    *(KeyError, ValueError, TypeError, AttributeError, OverflowError),
    *(UnsupportedAlgorithm, x509.ExtensionNotFound, x509.InvalidVersion),
)


class WrongSignature(Exception):
    """`signedData` does not hold: `str(error)` says why."""


def signed_data(digest: str, created: str, private: "Ed25519PrivateKey") -> dict[str, str]:
    """`signedData`, in the anonymous form, of a package with that `hash`; always signed by the same key of a keyring's.

    `created`: the package's own time, which some programs compare.
    """
    key = package_key(private)
    numbers = decode_dss_signature(key.sign(digest.encode(), ec.ECDSA(hashes.SHA256())))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "hash": digest,
        "created": created,
        "software": AGENT,
        "version": FORM,
        "signature": base64.b64encode(b"".join(one.to_bytes(_NUMBER, "big") for one in numbers)).decode(),
        "publicKey": base64.b64encode(public).decode(),
    }


def signer_of(signed: dict[str, Any]) -> str:
    """Who signed, in words: an anonymous key or a domain, neither of which is known to be anybody's.

    Raises `WrongSignature`. Whether `hash` is the package's own is not looked at here.
    """
    try:
        signature = base64.b64decode(signed["signature"], validate=True)
        if "publicKey" in signed:
            der = base64.b64decode(signed["publicKey"], validate=True)
            _check(serialization.load_der_public_key(der), signature, signed["hash"])
            return f"with the key {disk.sha256_bytes(der)[:16]}, which does not say whose it is"
        certificate = x509.load_pem_x509_certificates(signed["domainCert"].encode())[0]
        _check(certificate.public_key(), signature, signed["hash"])
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if signed["domain"] not in names.get_values_for_type(x509.DNSName):
            raise WrongSignature("its certificate is another domain's")
        return f"for the domain {signed['domain']}{_stamped(signed)}; its certificate's authority is not judged here"
    except _MALFORMED as error:
        raise WrongSignature("it cannot be read") from error
    except InvalidSignature as error:
        raise WrongSignature("it is not that of its key over this digest") from error


def _check(key: Any, signature: bytes, digest: str) -> None:
    """Raises `InvalidSignature`, or `ValueError` for another kind of key."""
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("no ECDSA")
    size = (key.key_size + 7) // 8
    if len(signature) == 2 * size:
        numbers = (int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
        signature = encode_dss_signature(*numbers)
    key.verify(signature, digest.encode(), ec.ECDSA(hashes.SHA256()))


def _stamped(signed: dict[str, Any]) -> str:
    """The time stamp over the signature's text, in words."""
    try:
        token = base64.b64decode(signed["timeSignature"], validate=True)
        return f", with a time stamp of {read_stamp(token, signed['signature'].encode(), ()).at}"
    except binascii.Error as error:
        raise WrongSignature("its time stamp cannot be read") from error
    except BadStamp as error:
        raise WrongSignature(f"as its time stamp, {error}") from error
