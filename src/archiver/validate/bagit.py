"""Bags: the tag files of BagIt (RFC 8493 and the drafts before it), and whether the payload is what they say."""

import hashlib
import os
import re
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from archiver.model import Finding
from archiver.proof import Keyring, Trust, judge_package
from archiver.validate.places import told

MAX_BYTES = 256 << 20
"""Of one tag file: a line for each of some million files."""
ALGORITHMS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
"""Algorithm → hex digits of its digest."""
MANIFEST = re.compile(r"(?P<tag>tag)?manifest-(?P<algorithm>[a-z0-9]+)\.txt\Z")
_ENTRY = re.compile(r"(?P<digest>[0-9A-Fa-f]+)[ \t]+\*?(?P<path>\S.*)")
_FETCH = re.compile(r"\S+[ \t]+([0-9]+|-)[ \t]+(?P<path>\S.*)")
_TAG = re.compile(r"(?P<label>[^:\s](?:[^:]*[^:\s])?)(?P<gap>\s*):[ \t]?(?P<value>.*)")
_OXUM = re.compile(r"(?P<bytes>[0-9]+)\.(?P<files>[0-9]+)")
_FIRST = "The file must say nothing but `BagIt-Version: 1.0` and `Tag-File-Character-Encoding: UTF-8`."

Manifest = dict[str, tuple[str, int]]
"""Path → digest, and the line that tells it."""


def is_tag_file(name: str) -> bool:
    """Whether a file of that name can be judged without its bag."""
    return name in ("bagit.txt", "bag-info.txt", "fetch.txt") or MANIFEST.match(name) is not None


def judge_tag_file(path: Path) -> Iterator[Finding]:
    """One tag file by itself."""
    if path.name == "bagit.txt":
        yield from _declaration(path)
    elif path.name == "bag-info.txt":
        yield from _info(path)
    elif path.name == "fetch.txt":
        yield from _fetch(path)
    else:
        yield from _manifest(path, {})


def judge_bag(folder: Path) -> Iterator[Finding]:
    """A whole bag: its tag files, and every file of the payload by every manifest."""
    if links := sorted(_links(folder)):
        for path in links:
            hint = "It leads out of the bag, or to what has no end. Put the file itself in its place."
            yield Finding("error", "bag-link", str(path), "it is a link or no plain file", hint)
        return
    yield from _declaration(folder / "bagit.txt")
    manifests: dict[Path, Manifest] = {}
    for path in sorted(one for one in folder.iterdir() if MANIFEST.match(one.name)):
        manifests[path] = {}
        yield from _manifest(path, manifests[path])
    files = _files(folder)
    payload = {path for path in files if path.startswith("data/")}
    if not any(path.name.startswith("manifest-") for path in manifests):
        yield told("error", "bag-manifest", str(folder / "bagit.txt"), 1, "the bag has no manifest of its payload")
    if (folder / "fetch.txt").exists():
        yield from _fetch(folder / "fetch.txt")
    if (folder / "bag-info.txt").exists():
        yield from _info(folder / "bag-info.txt", folder, payload)
    for path, manifest in manifests.items():
        yield from _compare(path, manifest, folder, files)
        if path.name.startswith("manifest-"):
            for missing in sorted(payload - manifest.keys()):
                yield told("error", "bag-unlisted", str(path), 1, f"{missing[:300]} is not listed")
    yield from judge_package(folder, Trust.of(Keyring()))


def _declaration(path: Path) -> Iterator[Finding]:
    texts, findings = _lines(path)
    yield from findings
    first, second = ([text for _, text in texts] + ["", ""])[:2]
    if not re.fullmatch(r"BagIt-Version: [0-9]+\.[0-9]+", first):
        yield told(
            "error", "bag-declaration", str(path), 1, "the first line does not tell the version of BagIt", hint=_FIRST
        )
    if len(texts) != 2 or not re.fullmatch(r"Tag-File-Character-Encoding: \S+", second):
        yield told("error", "bag-declaration", str(path), 2, "the second line does not tell the encoding", hint=_FIRST)
    elif not second.upper().endswith(" UTF-8"):
        yield told("warning", "bag-encoding", str(path), 2, "tag files are read as UTF-8, whatever is told here")


def _info(path: Path, folder: Path | None = None, payload: Iterable[str] = ()) -> Iterator[Finding]:
    texts, findings = _lines(path)
    yield from findings
    for number, text in texts:
        tag = _TAG.fullmatch(text)
        if number > 1 and text[:1] in (" ", "\t"):
            continue  # the value of the tag above goes on
        if not tag:
            yield told("error", "bag-info", str(path), number, "it is no line of the form `Label: value`")
        elif tag["gap"]:
            yield told("warning", "bag-info", str(path), number, "there is a space before the colon")
        elif tag["label"].lower() == "payload-oxum":
            yield from _oxum(tag["value"].strip(), path, number, _size(folder, payload) if folder else None)


def _oxum(value: str, path: Path, number: int, there: str | None) -> Iterator[Finding]:
    if not _OXUM.fullmatch(value):
        yield told("error", "bag-oxum", str(path), number, f"{value[:60]!r} is not `BYTES.FILES`")
    elif there not in (None, value):
        yield told("error", "bag-oxum", str(path), number, f"the payload is {there}, not {value}")


def _manifest(path: Path, manifest: Manifest) -> Iterator[Finding]:
    """The lines of a manifest; the good ones are entered in `manifest`."""
    texts, findings = _lines(path)
    yield from findings
    found = MANIFEST.match(path.name)
    digits = ALGORITHMS.get(found["algorithm"] if found else "")
    if digits is None:
        yield told(
            "warning", "bag-algorithm", str(path), 1, "its algorithm is not known here; digests are not compared"
        )
    folded: dict[str, str] = {}
    for number, text in texts:
        entry = _ENTRY.fullmatch(text)
        if not entry or (digits and len(entry["digest"]) != digits):
            yield told("error", "bag-manifest", str(path), number, "it is no line of a digest and a path")
            continue
        name = _named(entry["path"])
        if why := _unsafe(name):
            yield told("error", "bag-path", str(path), number, f"{name[:300]!r} {why}")
        elif name in manifest:
            yield told("error", "bag-twice", str(path), number, f"{name[:300]} is listed twice")
        elif not (found and found["tag"]) and not name.startswith("data/"):
            yield told("error", "bag-path", str(path), number, f"{name[:300]} does not belong to the payload in data/")
        else:
            manifest[name] = (entry["digest"].lower(), number)
            if folded.setdefault(name.casefold(), name) != name:
                hint = "Systems that do not tell them apart lose one of them."
                message = f"{name[:300]} differs from {folded[name.casefold()][:300]} in case only"
                yield told("warning", "bag-path", str(path), number, message, hint=hint)


def _fetch(path: Path) -> Iterator[Finding]:
    texts, findings = _lines(path)
    yield from findings
    for number, text in texts:
        entry = _FETCH.fullmatch(text)
        if not entry:
            yield told("error", "bag-fetch", str(path), number, "it is no line of an address, a length and a path")
        elif why := _unsafe(name := _named(entry["path"])):
            yield told("error", "bag-path", str(path), number, f"{name[:300]!r} {why}")
        else:
            hint = "Nothing is fetched unasked. Get it, and put it in its place."
            yield told("warning", "bag-fetch", str(path), number, f"{name[:300]} is to be fetched", hint=hint)


def _compare(path: Path, manifest: Manifest, folder: Path, files: set[str]) -> Iterator[Finding]:
    """Each file that a manifest lists: whether it is there, and has its digest."""
    found = MANIFEST.match(path.name)
    algorithm = found["algorithm"] if found else ""
    for name, (digest, number) in manifest.items():
        if name not in files:
            yield told("error", "bag-absent", str(path), number, f"{name[:300]} is listed and not there")
        elif algorithm in ALGORITHMS:
            with (folder / name).open("rb") as stream:
                if hashlib.file_digest(stream, algorithm).hexdigest() != digest:
                    yield told("error", "bag-digest", str(path), number, f"{name[:300]} has another digest")


def _lines(path: Path) -> tuple[list[tuple[int, str]], list[Finding]]:
    """The lines of a tag file that are not empty, with their numbers; or why it cannot be read."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return [], [told("error", "file-size", str(path), 1, "it is larger than any real one")]
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        return [], [told("error", "file-unreadable", str(path), 1, (error.strerror or str(error)).lower())]
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return [], [told("error", "bag-encoding", str(path), line, "it is not UTF-8")]
    if text.startswith("\ufeff"):
        return [], [told("error", "bag-encoding", str(path), 1, "it begins with a byte order mark")]
    return [(number, line) for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1) if line], []


def _links(folder: Path) -> Iterator[Path]:
    """What in the bag is neither a file nor a folder."""
    for parent, folders, names in os.walk(folder):
        yield from (path for path in map(Path(parent).joinpath, folders) if path.is_symlink())
        yield from (path for path in map(Path(parent).joinpath, names) if not stat.S_ISREG(path.lstat().st_mode))


def _files(folder: Path) -> set[str]:
    """Every file of the bag, by its path in it."""
    found = (Path(parent) / name for parent, _, names in os.walk(folder) for name in names)
    return {path.relative_to(folder).as_posix() for path in found}


def digests(folder: Path) -> dict[str, dict[str, str]]:
    """The payload of a bag that was judged sound: path, `data/` included → digest by algorithm."""
    found: dict[str, dict[str, str]] = {}
    for path in folder.glob("manifest-*.txt"):
        manifest: Manifest = {}
        deque(_manifest(path, manifest), 0)
        for name, (digest, _) in manifest.items():
            found.setdefault(name, {})[path.stem.removeprefix("manifest-")] = digest
    return found


def _size(folder: Path, payload: Iterable[str]) -> str:
    sizes = [(folder / path).stat().st_size for path in payload]
    return f"{sum(sizes)}.{len(sizes)}"


def _named(path: str) -> str:
    """A path as a manifest writes it: line ends and percent signs are escaped (RFC 8493 §2.1.3)."""
    plain = re.sub("%(0[AaDd]|25)", lambda code: unquote(code[0]), path)
    return plain.removeprefix("./")


def _unsafe(path: str) -> str:
    """Why a path may lead out of the bag; empty when it does not."""
    if path.startswith(("/", "~", "\\")) or re.match("[A-Za-z]:", path):
        return "is no path within the bag"
    if ".." in PurePosixPath(path.replace("\\", "/")).parts:
        return "leads out of the bag"
    return "has characters that no path should have" if re.search("[\x00-\x1f\x7f]", path) else ""
