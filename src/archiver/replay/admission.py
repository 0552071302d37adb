"""What `archiver replay` is told about who may read, and what it must be told where other machines can reach it."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from archiver.disk import write_atomic
from archiver.errors import UnreadableInput, UsageError
from archiver.replay.addresses import is_loopback
from archiver.replay.login import Login


def admission(
    host: str, login: str | None, token_file: Path | None, proxies: Sequence[str], *, open_to_all: bool
) -> tuple[Login, str | None]:
    """The readers that are let in, and the token if it was made now and stands nowhere else.

    `login` is None, `token` or `header:NAME`. Raises `UsageError` for what cannot be meant, and where an archive would
    be open to a network without anybody having said so.
    """
    kind, _, name = (login or "").partition(":")
    if kind not in ("", "token", "header") or (kind == "token" and ":" in str(login)):
        raise UsageError(f"{login!r} is no way to log in.", "Write --login token, or --login header:X-Remote-User.")
    if open_to_all and kind:
        raise UsageError("--open-to-all and --login contradict each other.", "Leave one of them out.")
    for given, option, needs in ((token_file, "--token-file", "token"), (proxies, "--trusted-proxy", "header")):
        if given and kind != needs:
            raise UsageError(f"{option} says nothing without --login {needs}.", "Add that, or leave it out.")
    if kind == "header":
        return Login.by_header(name, proxies), None
    if kind == "token":
        token = _read(token_file) if token_file else secrets.token_urlsafe(24)
        return Login.by_token(token), None if token_file else token
    if not open_to_all and not is_loopback(host):
        raise UsageError(
            f"At {host} other machines can read the whole archive.",
            "Add --login token, or --login header:NAME behind a proxy that knows readers; or, if meant, --open-to-all.",
        )
    return Login(), None


def _read(path: Path) -> str:
    """The token in a file, which is made if it is not there; nobody but its owner may read it."""
    try:
        if not path.exists():
            write_atomic(path, f"{secrets.token_urlsafe(24)}\n".encode(), mode=0o600)
        if path.stat().st_mode & 0o077:
            raise UsageError(f"Others can read {path}.", f"chmod 600 {path}")
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise UnreadableInput(str(path), "the token cannot be read or made there") from error
