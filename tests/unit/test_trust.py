"""Homes that trust private authorities: what is refused. (That Chromium believes them, the browser's tests show.)"""

from pathlib import Path

import pytest
import trustme

from archiver.engines.authorities import read_authorities
from archiver.engines.browser.trust import home_trusting
from archiver.errors import UnreadableInput


def test_the_home_is_there_for_a_while_and_holds_each_authority(tmp_path: Path):
    pem = tmp_path / "ca.pem"
    authorities = [trustme.CA(organization_name=name) for name in ("First Example Press", "Second Example Press")]
    pem.write_bytes(b"".join(authority.cert_pem.bytes() for authority in authorities))
    for _ in range(2):  # NSS is a global thing: it must let go, to be taken again
        with home_trusting(read_authorities(pem), str(pem)) as home:
            stored = (home / ".pki" / "nssdb" / "cert9.db").read_bytes()
            assert b"First Example Press" in stored and b"Second Example Press" in stored
        assert not home.exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged"),
        (b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "damaged"),
        (b"\xff\xfe\x00", "no certificate"),
    ],
)
def test_what_is_no_authority_is_refused(tmp_path: Path, content: bytes, why: str):
    pem = tmp_path / "ca.pem"
    pem.write_bytes(content)
    with pytest.raises(UnreadableInput, match=why):
        read_authorities(pem)


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(UnreadableInput, match="no such file"):
        read_authorities(tmp_path / "absent.pem")
