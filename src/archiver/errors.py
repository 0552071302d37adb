"""Every deliberate error of Archiver: one root, a plain sentence, a hint, an exit code.

    ArchiverError          1   something went wrong that the caller may report as it is
    ├── UsageError         2   wrong usage or input          (InvalidURL, UnknownCollection, …)
    ├── PartMissing        3   a browser, a server, a library is not there
    ├── PolicyRefusal      4   a rule forbids it             (AddressRefused, Blocked, RobotsRefused)
    ├── RemoteError        5   the network or the far side failed (FetchFailed, StoreError)
    ├── CutOff             1   the browser or the machine that had a page went away
    └── ConflictError      6   two truths; nothing was changed    (ObjectConflict)

Checks that go on after a fault return `archiver.model.Finding`s instead.
This module imports nothing, so that the command line starts fast.
"""


class ArchiverError(Exception):
    """The root. `str(error)` is one plain sentence; `hint` says what to do about it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel between processes whole, whatever their constructors take."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[ArchiverError], arguments: tuple[object, ...], fields: dict[str, object]) -> ArchiverError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(fields)
    return error


class UsageError(ArchiverError):
    """The command, an option or an input is wrong."""

    exit_code = 2


class InvalidURL(UsageError):
    """The text is not an http(s) URL with a host."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url!r} is not a web address: {why}.", "Give a URL such as https://example.org/article.")
        self.url = url


class UnknownCollection(UsageError):
    """No collection of that name under the root."""

    def __init__(self, name: str, root: str) -> None:
        super().__init__(
            f"There is no collection {name!r} under {root}.",
            f"Make one with `archiver init {name} --title …`, or name another root with --root.",
        )
        self.name = name
        self.root = root


class UnknownCapture(UsageError):
    """No capture of that id in the collections searched."""

    def __init__(self, capture_id: str) -> None:
        super().__init__(f"There is no capture {capture_id!r}.", "`archiver list` shows the ids.")
        self.capture_id = capture_id


class WarcShared(UsageError):
    """A WARC made by others holds other captures as well, which an erasure would take with it."""

    def __init__(self, capture_id: str, sharing: tuple[str, ...]) -> None:
        some = ", ".join(sharing[:5]) + (f" and {len(sharing) - 5} others" if len(sharing) > 5 else "")
        super().__init__(
            f"The WARC of {capture_id} holds {some} as well; a part of it cannot go.",
            "With --whole-file, all of them are erased.",
        )
        self.capture_id = capture_id
        self.sharing = sharing


class UnknownProfile(UsageError):
    """There is no profile of that name under the root."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no profile {name!r}.", "`archiver profile list` shows the names.")
        self.name = name


class UnreadableInput(UsageError):
    """A file given by the user cannot be read as what it should be."""

    def __init__(self, path: str, why: str, hint: str = "") -> None:
        super().__init__(f"{path}: {why}.", hint)
        self.path = path
        self.why = why


class EditRefused(UsageError):
    """Some of the changes asked for cannot be made; none was."""

    def __init__(self, complaints: "list[tuple[str, str, str]]") -> None:
        """`complaints`: where each stands (empty: only one was asked for), what is wrong with it, and a hint."""
        where, message, hint = complaints[0]
        if where or len(complaints) > 1:
            message = f"{len(complaints)} of the changes cannot be made, and none was"
            hint = "Correct these, then run it again."
        super().__init__(f"{message}.", hint)
        self.complaints = complaints


class StorageError(ArchiverError):
    """The local disk refused: full, read-only, not permitted. What was there before is unharmed."""

    def __init__(self, path: str, why: str, hint: str = "") -> None:
        super().__init__(
            f"{path}: {why}.", hint or "Nothing was lost; free space or change the root, then run it again."
        )
        self.path = path
        self.why = why


class RootUnwritable(StorageError, UsageError):
    """The root folder given cannot be made or written."""

    exit_code = 2


class DigestMismatch(ArchiverError):
    """Bytes from a copy are not those that the ledger names; they were not taken."""

    def __init__(self, path: str, expected: str, found: str) -> None:
        super().__init__(
            f"{path}: these bytes have sha256 {found[:12]}…, the ledger says {expected[:12]}….",
            "Nothing was changed; another copy may have the file whole.",
        )
        self.path = path
        self.expected = expected
        self.found = found


class PartMissing(ArchiverError):
    """Something that is needed is not installed or not running."""

    exit_code = 3

    def __init__(self, part: str, why: str, remedy: str) -> None:
        super().__init__(f"{part} is missing: {why}.", remedy)
        self.part = part


class PolicyRefusal(ArchiverError):
    """A rule of the operator or of good manners forbids it."""

    exit_code = 4


class AddressRefused(PolicyRefusal):
    """The host is at an address that captures must not reach."""

    def __init__(self, host: str, address: str, kind: str) -> None:
        super().__init__(
            f"{host} is at the {kind} address {address}, which captures do not reach.",
            f"If that is meant, repeat with --allow-address {address}, or with --allow-private for all such addresses.",
        )
        self.host = host
        self.address = address
        self.kind = kind


class ErasedContent(PolicyRefusal):
    """What is to be taken in was erased from the collection, and stays so."""

    def __init__(self, what: str, collection: str) -> None:
        super().__init__(
            f"{what} was erased from {collection} and is not taken in again.",
            "The records in erasures/ say by whom and why; what may be shown again is captured anew.",
        )
        self.what = what
        self.collection = collection


class OriginalErased(ArchiverError):
    """A capture refers to another for a body, and that one was erased before it came in."""

    def __init__(self, capture_id: str) -> None:
        super().__init__(
            f"{capture_id}, which holds a body that the capture refers to, was erased meanwhile.",
            "Nothing was kept; capture the page again.",
        )
        self.capture_id = capture_id


class Blocked(PolicyRefusal):
    """A rule of the operator's block list forbids it."""

    def __init__(self, what: str, rule: str) -> None:
        super().__init__(f"{what} is on the block list ({rule}).", "Leave that rule out if the page is wanted.")
        self.what = what
        self.rule = rule


class RobotsRefused(PolicyRefusal):
    """The site's robots.txt asks not to fetch the page, or could not tell."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url} is not captured: {why}.", "To keep it all the same, repeat with --robots record.")
        self.url = url
        self.why = why


class RemoteError(ArchiverError):
    """The network or the far side failed."""

    exit_code = 5


class FetchFailed(RemoteError):
    """Nothing at all came back for a URL."""

    def __init__(self, url: str, why: str) -> None:
        hint = "Check the address and the network, then try again."
        if "certificate" in why:
            hint = "If its authority is a private one that you trust, name it with --ca-file."
        super().__init__(f"{url} gave no answer: {why}.", hint)
        self.url = url
        self.why = why


class CutOff(ArchiverError):
    """Whoever had a page in hand, the browser or a worker, went away: no fault of the page."""

    def __init__(self, url: str, who: str) -> None:
        super().__init__(f"{who} ended while it captured {url}.", "`archiver queue retry` gives it another chance.")
        self.url = url
        self.who = who


class StoreError(RemoteError):
    """A store refused or failed; `retryable` says whether the same call may succeed later."""

    def __init__(self, where: str, why: str, hint: str = "", *, retryable: bool = False, kind: str = "") -> None:
        """`kind`, where it is known: `absent`, `denied`, or `cold` (in storage from which it must be called up)."""
        super().__init__(f"{where}: {why}.", hint)
        self.where = where
        self.why = why
        self.retryable = retryable
        self.kind = kind


class ConflictError(ArchiverError):
    """Two different truths under one name; nothing was changed."""

    exit_code = 6


class ObjectConflict(ConflictError):
    """A key exists already with other bytes."""

    def __init__(self, key: str, expected: str, found: str) -> None:
        super().__init__(
            f"{key} exists with other content (have sha256 {expected[:12]}…, found {found[:12]}…).",
            "Nothing was overwritten. Run `archiver verify` on both sides to see which one agrees with the ledger.",
        )
        self.key = key
        self.expected = expected
        self.found = found
