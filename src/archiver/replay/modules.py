"""ES modules made replayable: what a module imports is asked for as a module of the archive.

pywb 2.10 wraps every script in a block and declares `arguments` in it, both of which are syntax errors in a module
(ECMA-262 §16.2), and it knows no modifier for what a module imports, although its own wombat.js asks for `esm_`.
Everything here is text in, text out; `archiver.replay.rewriting` puts it into pywb.
"""

import json
import re
from collections.abc import Callable
from urllib.parse import urljoin

MODIFIER = "esm_"
"""Modifier of a replay URL whose content is a module; the one that wombat.js uses."""

BASE = "_archiver_script_url_"

Resolve = Callable[[str], str]
"""Turns a specifier as written into the address of the archived module."""

NAMES = ("window", "self", "document", "location", "top", "parent", "frames", "opener", "globalThis")
"""Globals that would tell a script that it is in replay; modules get them from `static/scope.js`."""

_IDENTIFIER_BEFORE = r"(?<![\w$.#])"
_STATIC = re.compile(
    _IDENTIFIER_BEFORE + r"((?:import|export)\b[^\"'`()=;]{0,20000}?\bfrom\s*|import\s*)([\"'])([^\"'\\\n]+)\2",
    re.ASCII,
)
_DYNAMIC = re.compile(_IDENTIFIER_BEFORE + r"import\s*\((?!\s*\)|[\w\s$,]*\)\s*\{)", re.ASCII)
_META_URL = re.compile(_IDENTIFIER_BEFORE + r"import\.meta\.url\b", re.ASCII)
_LOOKS = re.compile(
    r"(?:^|[;}\n/])\s*(?:import\s*(?:[\w$*{][^\"'`()=;]*?\bfrom\s*)?[\"']|import\.meta\b"
    r"|export\s*(?:[*{]|default\b|const\b|let\b|var\b|class\b|function\b|async\b))",
    re.ASCII,
)
_URL_LIKE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|\.{0,2}/)", re.I | re.ASCII)


def looks_like_module(source: str) -> bool:
    """Whether `source` holds an import or export declaration. Only to be asked where a module is possible at all."""
    return _LOOKS.search(source) is not None


def is_bare(specifier: str) -> bool:
    """Whether an import map must say what `specifier` means (HTML §8.1.5: neither a URL nor begun by / ./ ../)."""
    return _URL_LIKE.match(specifier) is None


def declare_base(url: str) -> str:
    """The declaration that rewritten scripts rely on: their own address, under a name that no script uses.

    A name and no literal, because the words `import(` also stand in strings, which quotes would break.
    """
    return f"const {BASE}={json.dumps(url)};"


def rewrite_dynamic(source: str) -> str:
    """`import(x)` through wombat's own function, which needs to know the script's address."""
    return _DYNAMIC.sub(f"____wb_rewrite_import__({BASE}, ", source)


def rewrite_module(source: str, url: str, resolve: Resolve) -> str:
    """All that a module at `url` asks for: static imports and exports, `import()`, and `import.meta.url` as it was."""

    def static(found: re.Match[str]) -> str:
        head, quote, specifier = found.groups()
        if is_bare(specifier):
            return found[0]
        return f"{head}{quote}{resolve(urljoin(url, specifier)).replace(quote, f'%{ord(quote):X}')}{quote}"

    source = _META_URL.sub(BASE, rewrite_dynamic(_STATIC.sub(static, source)))
    return f"{declare_base(url)}{source}" if BASE in source else source


def scope(source: str, address: str) -> str:
    """The import that gives a module the replay's view of `NAMES`; names that it declares itself are left to it.

    It stands on the module's first line, so that line numbers stay what they were.
    """
    names = [name for name in NAMES if name in source and not _declares(source, name)]
    return f'import{{{",".join(names)}}}from"{address}";' if names else ""


def _declares(source: str, name: str) -> bool:
    declared = (
        rf"\b(?:const|let|var|function|class|import)\b[^;=()]{{0,2000}}?(?<![\w$.]){name}(?![\w$])|,\s*{name}\s*=[^=>]"
    )
    return re.search(declared, source, re.ASCII) is not None


def rewrite_import_map(text: str, base: str, resolve: Resolve) -> str:
    """An import map (HTML §8.1.6.2) whose addresses lie in the archive. What is no JSON object stays as it is."""
    try:
        document = json.loads(text)
    except ValueError:
        return text
    if not isinstance(document, dict):
        return text

    def address(value: object) -> object:
        return resolve(urljoin(base, value)) if isinstance(value, str) and not is_bare(value) else value

    def table(entries: object) -> object:
        if not isinstance(entries, dict):
            return entries
        return {str(address(key)): address(value) for key, value in entries.items()}

    if "imports" in document:
        document["imports"] = table(document["imports"])
    if isinstance(document.get("scopes"), dict):
        document["scopes"] = {str(address(key)): table(value) for key, value in document["scopes"].items()}
    return json.dumps(document).replace("</", "<\\/")
