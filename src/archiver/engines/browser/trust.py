"""Private certificate authorities for Chromium, without loosening its checks for anyone else.

Chromium on Linux trusts its own root list and, besides, the NSS database of the user's home folder. So a browser that
shall trust a private authority gets a home of its own with such a database in it; every certificate is then verified
as always. (Its switches for this matter either take all certificates or look only at those which the server sends.)

The database is written by NSS itself, the library that Chromium on Linux cannot run without, through its C interface.
"""

import ctypes
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archiver.errors import PartMissing, UnreadableInput

_VALID_CA, _TRUSTED_CA = 1 << 3, 1 << 4  # CERTDB_VALID_CA and CERTDB_TRUSTED_CA of NSS' certt.h
_nss_is_global = threading.Lock()


class _Item(ctypes.Structure):
    """SECItem."""

    _fields_ = (("kind", ctypes.c_uint), ("data", ctypes.c_char_p), ("length", ctypes.c_uint))


class _Trust(ctypes.Structure):
    """CERTCertTrust."""

    _fields_ = (("ssl", ctypes.c_uint), ("email", ctypes.c_uint), ("code", ctypes.c_uint))


@contextmanager
def home_trusting(authorities: Sequence[bytes], where: str) -> Iterator[Path]:
    """A temporary home folder in which Chromium trusts these authorities, DER as they come from `where`.

    Raises `UnreadableInput` naming `where` if one is no certificate, `PartMissing` without the NSS library.
    """
    with tempfile.TemporaryDirectory(prefix="archiver-home-") as name:
        database = Path(name, ".pki", "nssdb")
        database.mkdir(parents=True)
        with _nss_is_global:
            _write(database, authorities, where)
        yield Path(name)


def _write(database: Path, authorities: Sequence[bytes], where: str) -> None:
    nss = _library()
    if nss.NSS_InitReadWrite(f"sql:{database}".encode()) != 0:
        raise PartMissing("A certificate database", f"NSS cannot make one in {database}", "Check the temporary folder.")
    slot = nss.PK11_GetInternalKeySlot()
    try:
        nss.PK11_InitPin(slot, None, b"")
        for number, der in enumerate(authorities):
            item = _Item(0, der, len(der))
            certificate = nss.CERT_NewTempCertificate(nss.CERT_GetDefaultCertDB(), ctypes.byref(item), None, 0, 1)
            if not certificate:
                raise UnreadableInput(where, f"certificate {number + 1} of it is not X.509")
            try:
                nss.PK11_ImportCert(slot, certificate, 0, f"authority {number}".encode(), 0)
                trust = _Trust(_VALID_CA | _TRUSTED_CA, 0, 0)
                nss.CERT_ChangeCertTrust(nss.CERT_GetDefaultCertDB(), certificate, ctypes.byref(trust))
            finally:
                nss.CERT_DestroyCertificate(certificate)
    finally:
        nss.PK11_FreeSlot(slot)
        nss.NSS_Shutdown()


def _library() -> ctypes.CDLL:
    """libnss3 with its signatures declared, so that pointers keep their width."""
    try:
        nss = ctypes.CDLL("libnss3.so")
    except OSError as error:
        remedy = "Install it (Debian, Ubuntu: apt install libnss3), or capture without --ca-file."
        raise PartMissing("The NSS library", "libnss3.so is not installed", remedy) from error
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    signatures: tuple[tuple[str, Any, list[Any]], ...] = (
        ("NSS_InitReadWrite", number, [text]),
        ("PK11_GetInternalKeySlot", pointer, []),
        ("PK11_InitPin", number, [pointer, text, text]),
        ("CERT_GetDefaultCertDB", pointer, []),
        ("CERT_NewTempCertificate", pointer, [pointer, ctypes.POINTER(_Item), text, number, number]),
        ("PK11_ImportCert", number, [pointer, pointer, ctypes.c_ulong, text, number]),
        ("CERT_ChangeCertTrust", number, [pointer, pointer, ctypes.POINTER(_Trust)]),
        ("CERT_DestroyCertificate", None, [pointer]),
        ("PK11_FreeSlot", None, [pointer]),
        ("NSS_Shutdown", number, []),
    )
    for name, result, arguments in signatures:
        function = nss[name]
        function.restype, function.argtypes = result, arguments
        setattr(nss, name, function)
    return nss
