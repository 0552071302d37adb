"""Scripts and workers as pywb rewrites them, mended: modules, `import()`, what a page's scripts declare for each other.

Imported by `archiver.replay.server` alone, in its own process.
"""

import json
import re
from contextlib import closing
from typing import Any

from pywb.rewrite.regex_rewriters import JSWombatProxyRewriter
from pywb.rewrite.rewrite_js_workers import JSWorkerRewriter

from archiver.replay import lexical, modules

STATIC = "archiver/"
"""Our own scripts, below pywb's `/static/`."""

MODULE_WORKER = "wkrm_"

_DECLARATION = re.compile(r"\b(?:const|let|var)\Z")
_CHECK_LOCATION = "self.__WB_check_loc(location, arguments)"


class ScriptRewriter(JSWombatProxyRewriter):  # type: ignore[misc]
    """Classic scripts as pywb does them, with `import()` mended, and modules."""

    def __init__(self, url_rewriter: Any, extra_rules: Any = None) -> None:
        super().__init__(url_rewriter, extra_rules)
        ours = f"let globalThis = self;\n{modules.declare_base(url_rewriter.wburl.url)}"
        pywbs: str = self.rules_factory.first_buff
        self.first_buff = pywbs.replace("let arguments;", f"let arguments;\n{ours}")
        self.pieces: list[str] = []

    def __call__(self, rwinfo: Any) -> Any:
        """A whole script. A module must be read whole, because a declaration may span any number of lines."""
        options, modifier = self.url_rewriter.rewrite_opts, self.url_rewriter.wburl.mod
        if modifier not in (modules.MODIFIER, MODULE_WORKER) and not options.get("module_possible"):
            return super().__call__(rwinfo)
        with closing(rwinfo.content_stream) as stream:
            source = b"".join(iter(lambda: stream.read(1 << 16), b"")).decode("latin-1")
        if modifier in (modules.MODIFIER, MODULE_WORKER) or modules.looks_like_module(source):
            text = self.rewrite_module(source)
        else:
            text = self.rewrite_complete(source)
        return iter([text.encode("latin-1")])

    def rewrite(self, string: str) -> str:
        """A piece of a classic script."""
        self.pieces.append(string)
        return modules.rewrite_dynamic(super().rewrite(string))

    def rewrite_complete(self, string: str, **kwargs: Any) -> str:
        """A whole classic script, or what an attribute does."""
        self.pieces.clear()
        return str(super().rewrite_complete(string, **kwargs))

    def final_read(self) -> str:
        """What ends a classic script."""
        return f"{lexical.shared(''.join(self.pieces))}{self.last_buff}"

    def filter(self, m: re.Match[str]) -> bool:
        """pywb turns `location = x` into a navigation; not so where `location` is being declared."""
        before = m.string[max(0, m.start() - 8) : m.start()]
        return not (m[0].lstrip().startswith("location") and _DECLARATION.search(before))

    def rewrite_module(self, source: str) -> str:
        """A whole module, as a file or between `<script type=module>` and its end."""
        text = (
            super()
            .rewrite(source)
            .replace(
                _CHECK_LOCATION, '(self.__WB_check_loc(location, typeof arguments == "undefined" ? [] : arguments))'
            )
        )
        text = modules.rewrite_module(text, self.url_rewriter.wburl.url, self.resolve)
        head = modules.scope(source, f"{self.url_rewriter.pywb_static_prefix}{STATIC}scope.js")
        if self.url_rewriter.wburl.mod == MODULE_WORKER:
            head = worker_imports(self.url_rewriter) + head
        return head + text

    def resolve(self, url: str) -> str:
        """The address of an archived module."""
        return str(self.url_rewriter.rewrite(url, modules.MODIFIER, True))


def seal_of(rewriter: Any) -> str:
    """The markup that runs our own script."""
    return f'<script src="{rewriter.pywb_static_prefix}{STATIC}seal.js"></script>'


def worker_init(rewriter: Any) -> str:
    """The statement that makes a worker ask the archive, for the version that the page is of."""
    at = f"{rewriter.full_prefix}{rewriter.wburl.timestamp}"
    info = {"prefix": rewriter.full_prefix, "prefixMod": f"{at}wkrf_/", "originalURL": rewriter.wburl.url}
    imports = f"(base,url)=>import({json.dumps(f'{at}{modules.MODIFIER}/')}+new URL(url,base).href)"
    return f"new WBWombat({json.dumps(info)});self.____wb_rewrite_import__={imports};"


def worker_imports(rewriter: Any) -> str:
    """The same for a module worker, where only an import can come before the imports of the module itself."""
    code = "".join(f"%{byte:02X}" for byte in worker_init(rewriter).encode())
    return f'import"{rewriter.pywb_static_prefix}wombatWorkers.js";import"data:text/javascript,{code}";'


class WorkerRewriter(JSWorkerRewriter):  # type: ignore[misc]
    """A classic worker."""

    def __init__(self, url_rewriter: Any) -> None:
        super().__init__(url_rewriter)
        scripts = json.dumps(f"{url_rewriter.pywb_static_prefix}wombatWorkers.js")
        self.first_buff = f"(function(){{self.importScripts({scripts});{worker_init(url_rewriter)}}})();"
        self.first_buff += modules.declare_base(url_rewriter.wburl.url)

    def rewrite(self, string: str) -> str:
        """A piece of the script."""
        return modules.rewrite_dynamic(string)
