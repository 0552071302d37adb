"""pywb's rewriting, mended where an article would not replay, or would reach out of the archive.

Imported by `archiver.replay.server` alone, in its own process. What differs from pywb 2.10:
- ES modules, import maps and module workers work (`archiver.replay.modules`);
- the parts of a page keep the page's timestamp, so that a module imported twice is one module, and workers ask for
  the version that the reader is looking at instead of the newest;
- what a script declares by `let`, `const` or `class` is there for the page's other scripts (`archiver.replay.lexical`);
- films in pieces play (`archiver.replay.films`);
- refreshes in every spelling, and response headers that would act, stay in the archive.
"""

import html
import json
import re
from contextlib import closing
from copy import copy
from typing import Any, cast

from pywb.apps.rewriterapp import RewriterApp
from pywb.apps.wbrequestresponse import WbResponse
from pywb.rewrite.default_rewriter import DefaultRewriter
from pywb.rewrite.header_rewriter import DefaultHeaderRewriter
from pywb.rewrite.html_rewriter import HTMLRewriter
from pywb.rewrite.regex_rewriters import JSWombatProxyRewriter
from pywb.rewrite.rewrite_js_workers import JSWorkerRewriter
from pywb.rewrite.templateview import BaseInsertView
from pywb.rewrite.wburl import WbUrl
from warcio.timeutils import timestamp_to_http_date

from archiver.access import Kind
from archiver.replay import caching, films, lexical, loading, memento, modules, outgoing
from archiver.replay.hints import Hints
from archiver.replay.withholding import STATUS, told_of

STATIC = "archiver/"
"""Our own scripts, below pywb's `/static/`."""

MODULE_WORKER = "wkrm_"

PARTS = frozenset({"empty", "image", "script", "style", "font", "video", "audio", "worker"})
"""Values of Sec-Fetch-Dest for what a page asks for itself."""

PAGES = frozenset({"", "mp_", "if_", "fr_", "oe_"})
"""Modifiers under which a page can be laid out."""

_AS_HTML = re.compile(r"\A\s*[^;]*")
"""pywb's insertions are no XML; and no two parsers agree on what of XML is a script."""
_REFRESH = re.compile(r"(\s*[\d.]+\s*[;,]?\s*)(?:url\s*=\s*)?([\"']?)(.*)", re.I | re.S)
_BEGINNING = 4096
"""Characters of a page within which its doctype must end."""
_PROLOGUE = re.compile(r"(?:\ufeff|\xef\xbb\xbf)?\s*(?:(?:<!--[^<>]*-->|<\?[^>]*>)\s*)*(?:<!doctype[^>]*>)?", re.I)
"""What may stand before and in a doctype without a browser reading it in another way (HTML §13.2.5)."""
_DECLARATION = re.compile(r"\b(?:const|let|var)\Z")
_CHECK_LOCATION = "self.__WB_check_loc(location, arguments)"


class HeaderRewriter(DefaultHeaderRewriter):  # type: ignore[misc]
    """Archived headers that only describe stay; those that would make the browser act are kept under another name.

    A cookie is one of those: all archived pages share a host, and the request for one is no request for another.
    """

    HANDLED = frozenset({"content-encoding", "content-length", "content-type", "location", "transfer-encoding"})

    def rewrite_header(self, name: str, value: str, rule: str | None) -> Any:
        """pywb's rule for what it handles itself; `X-…` is for scripts to read; the rest becomes X-Archive-Orig-…."""
        plain = name.lower()
        if plain in self.HANDLED:
            return super().rewrite_header(name, value, rule)
        return (name, value) if outgoing.is_harmless(plain) else (f"{self.header_prefix}{name}", value)


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


class PageRewriter(HTMLRewriter):  # type: ignore[misc]
    """HTML: module scripts, import maps, refreshes, `srcdoc`; rules for speculative loading are dropped."""

    _wb_parse_context: str | None
    _kind = ""
    _seal = ""
    """Our script, which is to come before all that a browser may take for a script of the page's."""
    _held = ""
    _hints: Hints | None = None

    def seal(self, script: str) -> None:
        """Begin the page with that script: pywb and browsers may differ about where its first element is."""
        self._seal = script
        self._hints = Hints()

    def rewrite(self, string: str) -> str:
        """A piece of the page. What pywb unescapes in attributes goes out as references where it read single bytes.

        pywb reads pages that are not UTF-8 as Latin-1 and encodes them so again, which breaks off the answer at the
        first character beyond it.
        """
        if not self._seal:
            return self._unhinted(self._written(string))
        self._held += string
        return self._unhinted(self._begun()) if len(self._held) >= _BEGINNING else ""

    def final_read(self) -> str:
        """What is left at the end."""
        begun = self._begun() if self._seal else ""
        return self._unhinted(begun + str(super().final_read()), last=True)

    def _unhinted(self, text: str, *, last: bool = False) -> str:
        return self._hints.without(text, last=last) if self._hints else text

    def _begun(self) -> str:
        """The seal stands behind the doctype, which tells how the page is laid out, and before everything else."""
        held, script = self._held, self._seal
        self._held = self._seal = ""
        end = found.end() if (found := _PROLOGUE.match(held)) else 0
        return self._written(held[:end]) + script + self._written(held[end:])

    def _written(self, string: str) -> str:
        written: str = super().rewrite(string)
        try:
            string.encode("latin-1")
        except UnicodeEncodeError:
            return written
        return written.encode("latin-1", "xmlcharrefreplace").decode("latin-1")

    def _rewrite_tag_attrs(self, tag: str, tag_attrs: Any, set_parsing_context: bool = True) -> Any:
        if tag == "script":
            modifier = modules.MODIFIER if self._script_type(tag_attrs) == "module" else "js_"
            self.rewrite_tags["script"] = {"src": modifier, "xlink:href": modifier}
        if tag == "iframe":
            tag_attrs = [
                (name, self._inner(value) if name == "srcdoc" and value else value) for name, value in tag_attrs
            ]
        return super()._rewrite_tag_attrs(tag, tag_attrs, set_parsing_context)

    def _inner(self, value: str) -> str:
        """A document inside an attribute; pywb leaves it alone."""
        scripts, styles = self.js_rewriter, self.css_rewriter
        inner = PageRewriter(self.url_rewriter, js_rewriter=scripts, css_rewriter=styles, defmod=self.defmod)
        inner.seal(seal_of(self.url_rewriter))
        return str(inner.rewrite_complete(html.unescape(value))).replace("&", "&amp;")

    def _script_type(self, tag_attrs: Any) -> str:
        return (self.get_attr(tag_attrs, "type") or "").strip().lower()

    def _set_parse_context(self, tag: str, tag_attrs: Any) -> None:
        super()._set_parse_context(tag, tag_attrs)
        self._kind = self._script_type(tag_attrs) if tag == "script" else ""
        if self._kind in ("module", "importmap", "speculationrules"):
            self._wb_parse_context = "script"

    def _rewrite_script(self, script_content: str, inline_attr: bool = False) -> str:
        kind = "" if inline_attr else self._kind
        if kind == "module":
            return str(self.js_rewriter.rewrite_module(script_content))
        if kind == "importmap":
            return modules.rewrite_import_map(script_content, self.url_rewriter.wburl.url, self.js_rewriter.resolve)
        if kind == "speculationrules":
            return "{}"
        return str(super()._rewrite_script(script_content, inline_attr))

    def _rewrite_link_href(self, attr_value: str, tag_attrs: Any, rw_mod: str) -> str:
        if "modulepreload" in (self.get_attr(tag_attrs, "rel") or "").lower().split():
            return str(self._rewrite_url(attr_value, modules.MODIFIER))
        return str(super()._rewrite_link_href(attr_value, tag_attrs, rw_mod))

    def _rewrite_meta_refresh(self, meta_refresh: str) -> str:
        """HTML §4.2.5.3 allows `5,X`, `5;'X'` and `5 URL = X`; pywb knows one spelling."""
        found = _REFRESH.match(meta_refresh or "")
        if not found or not found[3].strip():
            return meta_refresh
        delay, quote, address = found.groups()
        return f"{delay}url={self._rewrite_url(address.split(quote)[0] if quote else address)}"


class ArchiveRewriter(DefaultRewriter):  # type: ignore[misc]
    """The choice of a rewriter for each kind of content."""

    DEFAULT_REWRITERS = {  # noqa: RUF012 - pywb's own name and form
        **DefaultRewriter.DEFAULT_REWRITERS,
        "header": HeaderRewriter,
        "html": PageRewriter,
        "js": ScriptRewriter,
        "js-worker": WorkerRewriter,
        "hls": films.PlaylistRewriter,
    }

    def __call__(self, record: Any, url_rewriter: Any, *rest: Any) -> Any:
        """Rewrites one record. Modules are fetched as `cors`, classic scripts as a rule are not (HTML §8.1.4.2)."""
        environ = rest[-1]
        asked = environ.get("HTTP_SEC_FETCH_DEST"), environ.get("HTTP_SEC_FETCH_MODE")
        films.name_manifest(record, url_rewriter.wburl.url)
        options = url_rewriter.rewrite_opts
        options["module_possible"] = asked == ("script", "cors")
        headers, body, is_rewritten = super().__call__(record, url_rewriter, *rest)
        if options.get(outgoing.SEALED):
            environ[outgoing.SEALED] = True
            if "xhtml" in outgoing.content_type(headers.headers):
                headers.replace_header("Content-Type", _AS_HTML.sub("text/html", headers.get_header("Content-Type")))
        return headers, body, is_rewritten

    def create_rewriter(self, text_type: str, rule: Any, rwinfo: Any, cdx: Any, head_insert_func: Any = None) -> Any:
        """pywb's choice; a page that is laid out, and not only read by a script, is sealed."""
        made = super().create_rewriter(text_type, rule, rwinfo, cdx, head_insert_func)
        if head_insert_func and isinstance(made, PageRewriter) and rwinfo.url_rewriter.wburl.mod in PAGES:
            made.seal(seal_of(rwinfo.url_rewriter))
            rwinfo.url_rewriter.rewrite_opts[outgoing.SEALED] = True
        return made


class ArchiveRewriterApp(RewriterApp):  # type: ignore[misc]
    """Replays a page under its exact timestamp, and everything in it under the timestamp of the page."""

    def __init__(self, config: dict[str, Any], records: loading.Handler) -> None:
        super().__init__(framed_replay=False, config=config)
        self.records = records
        self.js_proxy_rw = ArchiveRewriter(replay_mod=self.replay_mod)
        self.unavailable_view = BaseInsertView(self.jinja_env, "unavailable.html")
        self.withheld_view = BaseInsertView(self.jinja_env, "withheld.html")
        self.parts = copy(self)
        self.parts.redirect_to_exact = False

    def _do_req(self, inputreq: Any, wb_url: Any, kwargs: Any, skip_record: bool) -> Any:
        """Ask for a record by a call. pywb asks an inner server of its own, by HTTP."""
        closest = "now" if wb_url.is_latest_replay() else wb_url.timestamp
        asked = {"url": wb_url.url, "closest": closest, "matchType": "exact"}
        if wb_url.mod == "vi_":
            asked["content_type"] = self.VIDEO_INFO_CONTENT_TYPE
        answer = self.records.ask(kwargs["coll"], asked, inputreq)
        if answer.status_code == 304:
            raise caching.Unchanged(inputreq.env[caching.TAG])
        return answer

    def render_content(self, wb_url: str, kwargs: Any, environ: Any) -> Any:
        """One answer. Only documents are redirected to their exact timestamp; scripts ask without a modifier too."""
        part = WbUrl(wb_url.replace("#", "%23")).is_embed or environ.get("HTTP_SEC_FETCH_DEST") in PARTS
        return RewriterApp.render_content(self.parts if part else self, wb_url, kwargs, environ)

    def _add_memento_links(  # noqa: PLR0917 - pywb's own parameters
        self,
        url: str,
        full_prefix: str,
        memento_dt: str | None,
        memento_ts: str | None,
        status_headers: Any,
        is_timegate: bool,
        *_: Any,
        is_memento: bool = True,
        **more: Any,
    ) -> None:
        """What a memento says of itself (RFC 7089 §4.2). pywb names no first, last or next ones."""
        at = memento_ts or ""
        if is_memento and at:
            status_headers.headers.append(("Memento-Datetime", memento_dt or timestamp_to_http_date(at)))
        near = self.records.index_source.neighbours(full_prefix.rstrip("/").rpartition("/")[2], url, at)
        status_headers.headers.append(("Link", memento.Addresses(full_prefix).links(url, at, near)))
        if is_timegate:
            status_headers.headers.append(("Vary", "accept-datetime"))

    def handle_error(self, environ: Any, wbe: Any) -> Any:
        """A page for what cannot be shown; no page for what the browser has."""
        return wbe.response() if isinstance(wbe, caching.Unchanged) else super().handle_error(environ, wbe)

    def _not_found_response(self, environ: Any, url: str) -> Any:
        """The page for what was never captured, which names the collection; pywb's does not."""
        collection = environ.get("SCRIPT_NAME", "").strip("/")
        page = self.not_found_view.render_to_string(environ, url=url, coll=collection)
        return WbResponse.text_response(page, status="404 Not Found", content_type="text/html; charset=utf-8")

    def _error_response(self, environ: Any, wbe: Any) -> Any:
        """pywb's page for what cannot be shown; ours where a store does not give what the archive has."""
        if told := told_of(wbe):
            page = self.withheld_view.render_to_string(environ, url=wbe.url, **told)
            status = STATUS[cast("Kind", told["kind"])]
            return WbResponse.text_response(page, status=status, content_type="text/html; charset=utf-8")
        if (reason := loading.reason_of(wbe)) is None:
            return super()._error_response(environ, wbe)
        page = self.unavailable_view.render_to_string(environ, url=wbe.url, reason=reason)
        return WbResponse.text_response(page, status=loading.STATUS[reason], content_type="text/html; charset=utf-8")

    def _add_range(self, record: Any, wb_url: Any, start: int | None, end: int | None) -> Any:
        """A part of what is stored whole. pywb rewrites no parts, so that manifests are given whole."""
        return None if films.name_manifest(record, wb_url.url) else super()._add_range(record, wb_url, start, end)
