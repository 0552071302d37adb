"""pywb's rewriting, mended where an article would not replay, or would reach out of the archive.

Imported by `archiver.replay.server` alone, in its own process. What differs from pywb 2.10:
- ES modules, import maps and module workers work (`archiver.replay.modules`);
- the parts of a page keep the page's timestamp, so that a module imported twice is one module, and workers ask for
  the version that the reader is looking at instead of the newest;
- what a script declares by `let`, `const` or `class` is there for the page's other scripts (`archiver.replay.lexical`);
- films in pieces play (`archiver.replay.films`);
- refreshes in every spelling, and response headers that would act, stay in the archive.
"""

import re
from copy import copy
from typing import Any, cast

from pywb.apps.rewriterapp import RewriterApp
from pywb.apps.wbrequestresponse import WbResponse
from pywb.rewrite.default_rewriter import DefaultRewriter
from pywb.rewrite.header_rewriter import DefaultHeaderRewriter
from pywb.rewrite.templateview import BaseInsertView
from pywb.rewrite.wburl import WbUrl
from warcio.timeutils import timestamp_to_http_date

from archiver.access import Kind
from archiver.replay import caching, films, loading, memento, outgoing, wide
from archiver.replay.pages import PageRewriter
from archiver.replay.scripts import ScriptRewriter, WorkerRewriter, seal_of
from archiver.replay.withholding import STATUS, told_of

PARTS = frozenset({"empty", "image", "script", "style", "font", "video", "audio", "worker"})
"""Values of Sec-Fetch-Dest for what a page asks for itself."""

PAGES = frozenset({"", "mp_", "if_", "fr_", "oe_"})
"""Modifiers under which a page can be laid out."""

_AS_HTML = re.compile(r"\A\s*[^;]*")
"""pywb's insertions are no XML; and no two parsers agree on what of XML is a script."""


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
        wide.narrow(record, options)
        headers, body, is_rewritten = super().__call__(record, url_rewriter, *rest)
        if options.get(outgoing.SEALED):
            environ[outgoing.SEALED] = True
            if "xhtml" in outgoing.content_type(headers.headers):
                headers.replace_header("Content-Type", _AS_HTML.sub("text/html", headers.get_header("Content-Type")))
        return headers, body, is_rewritten

    def create_rewriter(self, text_type: str, rule: Any, rwinfo: Any, cdx: Any, head_insert_func: Any = None) -> Any:
        """pywb's choice; a page that is laid out, and not only read by a script, is sealed."""
        if rwinfo.content_stream and rwinfo.url_rewriter.rewrite_opts.get(wide.NARROWED):
            rwinfo.charset = "utf-8"
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
        """What a memento says of itself (RFC 7089 §4.2). pywb names no first, last or next ones; parts need none."""
        at = memento_ts or ""
        if is_memento and at:
            status_headers.headers.append(("Memento-Datetime", memento_dt or timestamp_to_http_date(at)))
        collection = full_prefix.rstrip("/").rpartition("/")[2]
        near = self.records.index_source.neighbours(collection, url, at) if self.redirect_to_exact else {}
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
