"""Cookies that other programs have written down: Netscape's cookies.txt, and the JSON of browsers' extensions.

Such files come from anywhere: what makes no sense in one is told with its line, and no value is.
"""

from collections.abc import Iterator
from typing import Any

from archiver import jsontext
from archiver.errors import UnreadableInput
from archiver.session.cookie import Cookie

MOST = 5000
"""Cookies of one file."""
FIELDS = 7
FORMS = "Give a cookies.txt, or the JSON that a browser's extension or Playwright has written."
_HTTP_ONLY = "#HttpOnly_"

State = tuple[tuple[Cookie, ...], dict[str, dict[str, str]], str]
"""Cookies, for each origin its local storage, and the user agent of the browser, "" where it is not told."""


def read_state(content: bytes, where: str) -> State:
    """What a file holds of a reader's session. Raises `UnreadableInput` naming `where` and the line."""
    is_json = content.lstrip()[:1] in (b"{", b"[")
    cookies, storage, user_agent = _of_json(content, where) if is_json else (tuple(_lines(content, where)), {}, "")
    if not cookies and not storage:
        raise UnreadableInput(where, "it holds no cookie", FORMS)
    if len(cookies) > MOST:
        raise UnreadableInput(where, f"it holds more than {MOST} cookies", FORMS)
    return cookies, storage, user_agent


def _lines(content: bytes, where: str) -> Iterator[Cookie]:
    """Netscape's form: seven fields parted by tabs."""
    text = jsontext.decode(content.removeprefix(b"\xef\xbb\xbf"), where)
    for number, line in enumerate(text.splitlines(), 1):
        hidden = line.startswith(_HTTP_ONLY)
        if not line.strip() or (line.startswith("#") and not hidden):
            continue
        fields = line.removeprefix(_HTTP_ONLY).split("\t")
        if len(fields) == FIELDS - 1:
            fields.append("")  # an empty value whose tab was trimmed away
        place = f"{where}:{number}"
        if len(fields) != FIELDS:
            raise UnreadableInput(place, f"a cookie has {FIELDS} fields parted by tabs, this line {len(fields)}", FORMS)
        domain, below, path, secure, expires, name, value = fields
        told = {"name": name, "value": value, "path": path, "httpOnly": hidden, "secure": secure.upper() == "TRUE"}
        told["domain"] = f".{domain.lstrip('.')}" if below.upper() == "TRUE" else domain.lstrip(".")
        yield _cookie(told | {"expires": _number(expires, place)}, place)


def _number(text: str, place: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UnreadableInput(place, "its expiry is no number", FORMS) from None


def _of_json(content: bytes, where: str) -> State:
    """A list of cookies, or an object with `cookies` and `origins`."""
    document = jsontext.read(content, where)
    positions = jsontext.Positions(content.decode())

    def place(*path: str | int) -> str:
        line, column = positions.find(jsontext.pointer(*path))
        return f"{where}:{line}:{column}"

    within = isinstance(document, dict)
    listed = document.get("cookies", []) if within else document
    origins = document.get("origins", []) if within else []
    if not isinstance(listed, list) or not isinstance(origins, list):
        raise UnreadableInput(where, "its cookies are no list", FORMS)
    start = ("cookies",) if within else ()
    cookies = tuple(_cookie(told, place(*start, number)) for number, told in enumerate(listed))
    storage = dict(_origin(told, place("origins", number)) for number, told in enumerate(origins))
    user_agent = document.get("userAgent", "") if within else ""
    if not isinstance(user_agent, str) or not user_agent.isascii() or not user_agent.isprintable():
        raise UnreadableInput(place("userAgent"), "this is no user agent", FORMS)
    return cookies, storage, user_agent


def _cookie(told: Any, place: str) -> Cookie:
    if not isinstance(told, dict):
        raise UnreadableInput(place, "this is no cookie", FORMS)
    try:
        return Cookie.of(told)
    except ValueError as error:
        raise UnreadableInput(place, f"this cookie cannot be used: {error}", FORMS) from None


def _origin(told: Any, place: str) -> tuple[str, dict[str, str]]:
    """The local storage of one origin, in Playwright's form."""
    try:
        origin, values = told["origin"], {entry["name"]: entry["value"] for entry in told["localStorage"]}
    except (KeyError, TypeError):
        raise UnreadableInput(place, "this is no local storage of an origin", FORMS) from None
    texts = [origin, *values, *values.values()]
    if not all(isinstance(text, str) for text in texts) or not origin.startswith(("http://", "https://")):
        raise UnreadableInput(place, "local storage holds texts, under the origin of a web site", FORMS)
    return origin, values
