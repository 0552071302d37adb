"""Export: a package that appears under its name only once it is whole, and replaces nothing."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from archiver import disk
from archiver.collection import Collection
from archiver.errors import ConflictError, UsageError
from archiver.model import Finding, Progress, now, silent
from archiver.package.bag import write_bag
from archiver.package.contents import contents_of
from archiver.package.wacz import Sign, write_wacz

Form = Literal["wacz", "bagit"]


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to."""

    path: str
    form: Form
    captures: tuple[str, ...]
    files: int
    """Files of the collection in it."""
    bytes: int
    """Of these files."""
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver export`."""
        return {
            "path": self.path,
            "format": self.form,
            "captures": list(self.captures),
            "files": self.files,
            "bytes": self.bytes,
            "findings": [one.as_json() for one in self.findings],
        }


def export(  # noqa: PLR0913 - what a package is made of, and by whom
    collection: Collection,
    out: Path,
    form: Form,
    captures: Iterable[str] = (),
    *,
    organization: str = "",
    with_restricted: bool = False,
    sign: Sign | None = None,
    at: datetime | None = None,
    progress: Progress = silent,
) -> Exported:
    """Write a WACZ file, or the folder of a bag, of the captures chosen (none: of all) at `out`.

    `organization`: who sends the bag. `with_restricted`: also captures that are not open to everybody.
    `sign`: makes the signature inside a WACZ file. `at`: when it was made; the rest of it follows from the contents.
    Raises `ConflictError` where `out` exists or a file is not as the ledger says, and then leaves nothing; what
    `contents_of` raises; `StorageError` if the disk refuses.
    """
    if form == "wacz" and out.suffix != ".wacz":
        raise UsageError(f"{out} is no name for a WACZ file.", "Players know them by the ending .wacz.")
    if out.exists() or out.is_symlink():
        raise ConflictError(f"{out} exists already and is not replaced.", "Nothing was written; choose another name.")
    made_at, contents = at or now(), contents_of(collection, captures, progress, open_only=not with_restricted)
    disk.make_directory(out.parent)
    temporary = disk.temporary_beside(out)
    try:
        with disk.writing(out):
            if form == "wacz":
                with temporary.open("xb") as stream:
                    write_wacz(contents, stream, out.parent, made_at, sign)
                    disk.sync_file(stream)
                disk.publish(temporary, out)
            else:
                write_bag(contents, temporary, made_at, organization)
                temporary.rename(out)
                disk.sync_directory(out.parent)
    finally:
        temporary.unlink(missing_ok=True) if temporary.is_file() else shutil.rmtree(temporary, ignore_errors=True)
    ids = tuple(sidecar.id for sidecar in contents.sidecars)
    size = sum(file.bytes for file in contents.files)
    return Exported(str(out), form, ids, len(contents.files), size, contents.findings)
