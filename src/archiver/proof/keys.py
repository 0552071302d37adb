"""Signing keys: Ed25519 (RFC 8032), named by their digest, and what signing and checking with them is."""

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from archiver.errors import UnreadableInput, UsageError


def new_private(passphrase: bytes) -> tuple[bytes, bytes]:
    """A new key: private (PKCS 8, encrypted where there is a passphrase) and public (SubjectPublicKeyInfo), as PEM."""
    key = Ed25519PrivateKey.generate()
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return private, _pem(key.public_key())


def is_encrypted(pem: bytes) -> bool:
    """Whether a private key wants a passphrase."""
    return b"ENCRYPTED" in pem


def read_private(pem: bytes, where: str, passphrase: bytes = b"") -> Ed25519PrivateKey:
    """Raises `UsageError` for a wrong passphrase, `UnreadableInput` for what is no Ed25519 key."""
    try:
        key = serialization.load_pem_private_key(pem, passphrase if is_encrypted(pem) else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if is_encrypted(pem):
            raise UsageError("The passphrase does not open that key.", "Nothing was signed; try again.") from error
        raise UnreadableInput(where, "it is no private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnreadableInput(where, "it is no Ed25519 key")
    return key


def read_public(pem: bytes, where: str) -> Ed25519PublicKey:
    """Raises `UnreadableInput` for what is no Ed25519 public key in PEM."""
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnreadableInput(where, "it is no public key in PEM form") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UnreadableInput(where, "it is no Ed25519 key")
    return key


def key_id(pem: bytes, where: str = "the key") -> str:
    """The first 16 hex digits of the SHA-256 of the key's SubjectPublicKeyInfo (DER)."""
    return hashlib.sha256(_der(read_public(pem, where))).hexdigest()[:16]


def plain_pem(pem: bytes, where: str) -> bytes:
    """The public key alone, in its one form: two files of one key have the same bytes."""
    return _pem(read_public(pem, where))


def is_signed(content: bytes, signature: bytes, pem: bytes, where: str) -> bool:
    """Whether `signature` is that key's, of exactly these bytes."""
    try:
        read_public(pem, where).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def package_key(key: Ed25519PrivateKey) -> ec.EllipticCurvePrivateKey:
    """The ECDSA P-384 key that belongs to it, for WACZ files, whose readers know no Ed25519. Always the same one."""
    seed = key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    drawn = HKDF(hashes.SHA256(), 47, salt=None, info=b"archiver wacz signing P-384").derive(seed)
    return ec.derive_private_key(int.from_bytes(drawn, "big") + 1, ec.SECP384R1())  # 376 bits: below the group's order


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _der(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
