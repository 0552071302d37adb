"""Which uploads in parts are under way: a file for each, so that a kill loses nothing that was sent."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from archiver import disk


@dataclass(frozen=True, slots=True)
class Upload:
    """One that is under way."""

    server: str
    bucket: str
    key: str
    """As the bucket has it."""
    sha256: str
    """Of the whole body."""
    bytes: int
    id: str
    """S3's name for it."""
    part_bytes: int


class Journal:
    """A folder `ROOT/.archiver/uploads/`. What is lost or damaged of it only has to be sent again."""

    def __init__(self, folder: Path | None, server: str, bucket: str) -> None:
        """Of one bucket at one server. Without a folder nothing is written down."""
        self.folder = folder
        self.server = server
        self.bucket = bucket

    def find(self, key: str) -> Upload | None:
        """The upload of that key, if one is known."""
        return self._read(self._file(key)) if self.folder else None

    def enter(self, upload: Upload) -> None:
        """Write it down, durably, in the place of another of that key. Raises `StorageError`."""
        if self.folder:
            disk.write_atomic(self._file(upload.key), json.dumps(asdict(upload)).encode(), replace=True, mode=0o600)

    def forget(self, key: str) -> None:
        """It is done, or given up."""
        if self.folder:
            with suppress(OSError):
                self._file(key).unlink(missing_ok=True)

    def all(self) -> Iterator[Upload]:
        """Every one of this bucket."""
        for path in sorted(self.folder.glob("*.json")) if self.folder else ():
            upload = self._read(path)
            if upload and path == self._file(upload.key):
                yield upload

    def _file(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{disk.sha256_bytes(f'{self.server} {self.bucket} {key}'.encode())[:32]}.json"

    def _read(self, path: Path) -> Upload | None:
        try:
            upload = Upload(**json.loads(path.read_bytes()))
            if upload.part_bytes < 1:
                return None
        except (OSError, ValueError, TypeError):
            return None
        return upload if (upload.server, upload.bucket) == (self.server, self.bucket) else None
