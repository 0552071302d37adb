"""Signed packages: package, digest and signature are bound together; a transplant of any of them is refused."""

import base64
import hashlib
import json
import shutil
import zipfile

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from archiver.cli import run
from archiver.collection import Root
from archiver.errors import ConflictError
from archiver.model import now, timestamp
from archiver.package.reading import RefusedPackage, open_package
from archiver.proof import Keyring, sign_package
from archiver.proof.wacz import WrongSignature, signed_data, signer_of
from archiver.validate import validate_file
from material import collection_with
from tsaserver import Authority, Server, openssl

PAGES = """{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}
{"id": "a", "url": "https://news.example/%s", "ts": "2026-11-22T14:01:12Z", "title": "%s"}
"""
CREATED = "2026-11-22T14:01:12Z"


@pytest.fixture(autouse=True)
def ring(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Keyring()


@pytest.fixture
def key(ring):
    return ring.new("Museum of X")


def private(ring, key):
    return ring.open(key, lambda _: "")


def written(path, digest, described, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as made:
        made.writestr("datapackage.json", described)
        made.writestr("datapackage-digest.json", json.dumps(digest))
        for name, body in files.items():
            made.writestr(name, body)
    return path


def wacz(path, title, signer=None):
    """A real package: its parts, and the file."""
    fields = {
        "url": f"https://news.example/{title}",
        "mime": "text/html",
        "status": "200",
        "length": "9",
        "offset": "0",
    }
    fields |= {"digest": "sha1:QJ5L3GZMXCNNQWGM36QW2EJIC7HWLFGN", "filename": "a.warc.gz"}
    files = {
        "archive/a.warc.gz": f"the page {title}".encode(),
        "indexes/index.cdxj": f"example,news)/{title} 20261122140112 {json.dumps(fields)}\n".encode(),
        "pages/pages.jsonl": (PAGES % (title, title)).encode(),
    }
    listed = [
        {
            "name": name.rpartition("/")[2],
            "path": name,
            "hash": f"sha256:{hashlib.sha256(body).hexdigest()}",
            "bytes": len(body),
        }
        for name, body in files.items()
    ]
    about = {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "title": title,
        "created": CREATED,
        "resources": listed,
    }
    described = json.dumps(about)
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(described.encode()).hexdigest()}"}
    if signer:
        digest["signedData"] = signed_data(digest["hash"], CREATED, signer)
    return digest, described, files, written(path, digest, described, files)


def bag(folder, text):
    (folder / "data").mkdir(parents=True)
    (folder / "data/a.txt").write_text(text)
    (folder / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / "manifest-sha256.txt").write_text(f"{digest}  data/a.txt\n")
    tags = ("bagit.txt", "manifest-sha256.txt")
    sums = [f"{hashlib.sha256((folder / one).read_bytes()).hexdigest()}  {one}\n" for one in tags]
    (folder / "tagmanifest-sha256.txt").write_text("".join(sums))
    return folder


def told(path):
    return {(one.level, one.code) for one in validate_file(path)}


def sidecars(path):
    return [path.with_name(f"{path.name}.{ending}") for ending in ("statement.json", "sig", "pem")]


def test_the_signature_inside_is_the_one_that_players_check(tmp_path, ring, key):
    """As a browser does: import the key (P-384), verify the raw signature with SHA-256 over the text of `hash`."""
    digest, *_, path = wacz(tmp_path / "a.wacz", "bridge", private(ring, key))
    signed = digest["signedData"]
    public = serialization.load_der_public_key(base64.b64decode(signed["publicKey"]))
    raw = base64.b64decode(signed["signature"])
    assert (public.curve.name, len(raw)) == ("secp384r1", 96)
    signature = encode_dss_signature(int.from_bytes(raw[:48], "big"), int.from_bytes(raw[48:], "big"))
    public.verify(signature, signed["hash"].encode(), ec.ECDSA(hashes.SHA256()))
    assert set(signed) == {"hash", "created", "software", "version", "signature", "publicKey"}
    assert signed_data("sha256:" + "0" * 64, CREATED, private(ring, key))["publicKey"] == signed["publicKey"]
    assert told(path) == {("info", "wacz-signature")}


def test_a_signature_inside_put_on_another_package(tmp_path, ring, key):
    """The hole of others: `signedData` of a real package in a forged one, its digest file otherwise right."""
    real, *_ = wacz(tmp_path / "real.wacz", "bridge", private(ring, key))
    digest, described, files, _ = wacz(tmp_path / "forged.wacz", "forgery")
    for transplant in (
        digest | {"signedData": real["signedData"]},
        digest | {"signedData": real["signedData"] | {"hash": digest["hash"]}},
        real,
    ):
        path = written(tmp_path / "forged.wacz", transplant, described, files)
        assert any(level == "error" for level, _ in told(path)), transplant
        with pytest.raises(RefusedPackage), open_package(path):
            pass


@pytest.mark.parametrize(
    "change", [{"signature": ""}, {"signature": "AAAA"}, {"publicKey": "AAAA"}, {"publicKey": "?"}]
)
def test_a_signature_inside_that_is_damaged(ring, key, change):
    signed = signed_data("sha256:" + "0" * 64, CREATED, private(ring, key))
    assert "does not say whose" in signer_of(signed)
    with pytest.raises(WrongSignature):
        signer_of(signed | change)
    with pytest.raises(WrongSignature):
        signer_of({"hash": "x", "signature": "AAAA"})


def test_signatures_of_domains_made_by_others(corpus):
    folder = corpus / "warcs/py-wacz"
    with zipfile.ZipFile(folder / "valid_signed_example_1.wacz") as made:
        signed = json.loads(made.read("datapackage-digest.json"))["signedData"]
    assert signer_of(signed).startswith(
        "for the domain btrix-sign-test.webrecorder.net, with a time stamp of 2022-01-18T"
    )
    for change in ({"domain": "example.org"}, {"hash": "sha256:" + "0" * 64}, {"timeSignature": "AAAA"}):
        with pytest.raises(WrongSignature):
            signer_of(signed | change)


def make(kind, folder, text):
    return wacz(folder / f"{text}.wacz", text)[-1] if kind == "wacz" else bag(folder / text, text)


@pytest.mark.parametrize("kind", ["wacz", "bag"])
def test_a_package_signed_beside_it(tmp_path, ring, key, kind):
    path = make(kind, tmp_path, "bridge")
    assert told(path) == set()
    sign_package(path, key, private(ring, key))
    assert told(path) == {("info", "signer")}
    with open_package(path) as package:
        assert "Museum of X" in next(one.message for one in package.findings if one.code == "signer")
    with pytest.raises(ConflictError):
        sign_package(path, key, private(ring, key))
    statement, signature, pem = sidecars(path)
    words = ("pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-in", statement, "-sigfile", signature)
    assert b"Verified" in openssl(*words)
    assert validate_file(statement) == []


@pytest.mark.parametrize("kind", ["wacz", "bag"])
def test_a_stranger_is_told_from_a_forger(tmp_path, ring, kind):
    theirs = Keyring(tmp_path / "theirs")
    key = theirs.new("Museum of Y")
    path = make(kind, tmp_path, "bridge")
    sign_package(path, key, theirs.open(key, lambda _: ""))
    assert told(path) == {("warning", "signer-unknown")}
    ring.trust(key.public_key.encode(), "Museum of Y", "file")
    assert told(path) == {("info", "signer")}
    statement, signature, _ = sidecars(path)
    whole = statement.read_bytes()
    statement.write_bytes(whole.replace(b"Museum of Y", b"Museum of X"))
    assert told(path) == {("error", "signature-wrong")}
    statement.write_bytes(whole + b" ")
    assert told(path) == {("error", "signature-unreadable")}
    statement.write_bytes(whole)
    signature.unlink()
    assert told(path) == {("error", "signature-unreadable")}
    with pytest.raises(RefusedPackage), open_package(path):
        pass


@pytest.mark.parametrize("kind", ["wacz", "bag"])
def test_a_signature_beside_put_on_another_package(tmp_path, ring, key, kind):
    real, forged = (make(kind, tmp_path, text) for text in ("bridge", "forgery"))
    sign_package(real, key, private(ring, key))
    for one, other in zip(sidecars(real), sidecars(forged), strict=True):
        shutil.copy(one, other)
    assert told(forged) == {("error", "signature-other")}
    with pytest.raises(RefusedPackage), open_package(forged):
        pass


def test_a_key_beside_put_in_anothers_place(tmp_path, ring, key):
    path = make("wacz", tmp_path, "bridge")
    sign_package(path, key, private(ring, key))
    other = Keyring(tmp_path / "theirs").new("Museum of X")
    ring.folder.rename(tmp_path / "away")
    sidecars(path)[2].write_text(other.public_key)
    assert told(path) == {("error", "signature-unreadable")}


def test_a_stamped_package(tmp_path, ring, key):
    authority = Authority(tmp_path / "authority")
    path, other = (make("wacz", tmp_path, text) for text in ("bridge", "other"))
    with Server(authority) as server:
        made = sign_package(path, key, private(ring, key), tsa=server.url, tsa_ca=authority.root.read_bytes())
        sign_package(other, key, private(ring, key), tsa=server.url)
    assert made.stamp.trusted
    ring.trust_authority(authority.root.read_bytes(), "root")
    assert "time stamp of" in next(one.message for one in validate_file(path) if one.code == "signer")
    ring.lose(key.id, timestamp(now()), lambda _: "")
    assert told(path) <= {("error", "key-lost"), ("info", "signer")}
    shutil.copy(f"{other}.tsr", f"{path}.tsr")
    assert told(path) == {("error", "signature-unreadable")}


def test_a_package_by_a_distrusted_key_is_refused(tmp_path, ring):
    theirs = Keyring(tmp_path / "theirs")
    key = theirs.new("Museum of Y")
    path = make("wacz", tmp_path, "bridge")
    sign_package(path, key, private(theirs, key))
    ring.trust(key.public_key.encode(), "Museum of Y", "file")
    assert ("info", "signer") in told(path)
    ring.distrust(key.id, "The key was copied")
    assert ("error", "key-distrusted") in told(path)
    assert run(["--root", str(tmp_path / "other"), "import", str(path)]) != 0


@pytest.mark.parametrize(("form", "name"), [("wacz", "news.wacz"), ("bagit", "news")])
def test_an_export_that_is_signed(tmp_path, ring, key, form, name):
    collection, (captured,) = collection_with(tmp_path / "root")
    out, words = tmp_path / "out" / name, ["--root", str(collection.path.parent), "export", "-c", "news", "--sign"]
    with Server(Authority(tmp_path / "authority")) as server:
        assert run([*words, "--format", form, str(out), "--tsa", server.url]) == 0
    assert out.with_name(f"{name}.tsr").is_file()
    codes = {("info", "signer")} | ({("info", "wacz-signature")} if form == "wacz" else set())
    assert told(out) == codes
    assert run(["validate", str(tmp_path / "out")]) == 0
    assert run(["--root", str(tmp_path / "other"), "import", str(out)]) == 0
    assert Root(tmp_path / "other").collection("default").captures() == [captured.capture_id]
    shutil.rmtree(out) if out.is_dir() else out.unlink()
    assert run([*words, "--format", form, str(out)]) == 6, "what lies beside it is about another"
    assert not out.exists()


def test_options_of_signing_want_signing(tmp_path, key):
    collection_with(tmp_path / "root")
    words = ["--root", str(tmp_path / "root"), "export", "-c", "news", "--format", "wacz", str(tmp_path / "a.wacz")]
    assert run([*words, "--key", key.id]) == 2
