"""Style sheets, scripts and the icon, under addresses that change with their content: a browser keeps them for ever."""

import hashlib
from os import PathLike, stat_result
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from archiver.qa.report import PAGES

FOREVER = "public, max-age=31536000, immutable"  # RFC 8246
FOLDERS = (Path(__file__).parent / "static", PAGES / "static")


class Assets(StaticFiles):
    """Files of a folder at `/static/NAME`; kept for ever by browsers that name the digest as well."""

    def __init__(self) -> None:
        """The digests are those that the files have now: they change with the program alone."""
        super().__init__(directory=FOLDERS[0], packages=[("archiver.qa", "pages/static")])
        files = [path for folder in FOLDERS for path in folder.iterdir() if path.is_file()]
        self.digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files}

    def address(self, name: str) -> str:
        """Where pages find a file. Raises `KeyError` for one that is not there."""
        return f"/static/{name}?{self.digests[name]}"

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """As Starlette answers, and how long that may be kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        named = scope["query_string"].decode("latin-1") == self.digests.get(Path(full_path).name)
        response.headers["Cache-Control"] = FOREVER if named else "no-cache"
        return response
