"""Writing bags (RFC 8493): the payload is the collection's own layout, so that `data/` can be used as it is.

bagit.txt  bag-info.txt  bagit-profile.json
manifest-sha256.txt  manifest-sha512.txt  tagmanifest-sha256.txt  tagmanifest-sha512.txt
data/README.txt  data/archive/…  data/sidecars/…  data/ledger/…
"""

import hashlib
import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from archiver import AGENT, disk
from archiver.package.contents import Contents
from archiver.schema.shipped import content

ALGORITHMS = ("sha256", "sha512")
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def write_bag(contents: Contents, folder: Path, at: datetime, organization: str = "") -> None:
    """Write the bag into the new folder `folder`, durably; what is the same gives the same bytes.

    Raises `ConflictError` where a file is not as the ledger says.
    """
    folder.mkdir()
    payload = ((f"data/{file.path}", pieces) for file, pieces in contents.each())
    digests = {name: _put(folder, name, pieces) for name, pieces in payload}
    profile = content("bagit-profile/1.0.0.json")
    tags = {
        "bagit.txt": DECLARATION,
        "bag-info.txt": _info(contents, at, organization, json.loads(profile)),
        "bagit-profile.json": profile,
    }
    tags |= {f"manifest-{one}.txt": _manifest(digests, one) for one in ALGORITHMS}
    digests = {name: _put(folder, name, [body]) for name, body in tags.items()}
    for one in ALGORITHMS:
        _put(folder, f"tagmanifest-{one}.txt", [_manifest(digests, one)])
    for parent, _, _ in os.walk(folder):
        disk.sync_directory(Path(parent))


def _put(folder: Path, name: str, pieces: Iterable[bytes]) -> dict[str, str]:
    """Write a file durably; its digests by algorithm."""
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    running = {one: hashlib.new(one) for one in ALGORITHMS}
    with place.open("xb") as stream:
        for piece in pieces:
            stream.write(piece)
            for digest in running.values():
                digest.update(piece)
        disk.sync_file(stream)
    return {one: digest.hexdigest() for one, digest in running.items()}


def _manifest(digests: dict[str, dict[str, str]], algorithm: str) -> bytes:
    return "".join(f"{found[algorithm]}  {_escaped(name)}\n" for name, found in sorted(digests.items())).encode()


def _escaped(name: str) -> str:
    """A path as a manifest writes it (RFC 8493 §2.1.3)."""
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _info(contents: Contents, at: datetime, organization: str, profile: dict[str, dict[str, str]]) -> bytes:
    described = contents.collection.metadata()
    size = sum(file.bytes for file in contents.files)
    tags = {
        "Source-Organization": organization,
        "External-Identifier": contents.collection.name,
        "External-Description": " — ".join(filter(None, (described.get("title"), described.get("description")))),
        "Bagging-Date": f"{at:%Y-%m-%d}",
        "Bag-Software-Agent": AGENT,
        "BagIt-Profile-Identifier": profile["BagIt-Profile-Info"]["BagIt-Profile-Identifier"],
        "Payload-Oxum": f"{size}.{len(contents.files)}",
    }
    return "".join(f"{label}: {' '.join(value.split())}\n" for label, value in tags.items() if value).encode()
