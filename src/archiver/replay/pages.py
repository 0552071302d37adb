"""HTML as pywb rewrites it, mended: module scripts, refreshes in every spelling, nothing that connects beforehand.

Imported by `archiver.replay.server` alone, in its own process.
"""

import html
import re
from typing import Any

from pywb.rewrite.html_rewriter import HTMLRewriter

from archiver.replay import modules
from archiver.replay.hints import Hints
from archiver.replay.scripts import seal_of

_REFRESH = re.compile(r"(\s*[\d.]+\s*[;,]?\s*)(?:url\s*=\s*)?([\"']?)(.*)", re.I | re.S)
_BEGINNING = 4096
"""Characters of a page within which its doctype must end."""
_PROLOGUE = re.compile(r"(?:\ufeff|\xef\xbb\xbf)?\s*(?:(?:<!--[^<>]*-->|<\?[^>]*>)\s*)*(?:<!doctype[^>]*>)?", re.I)
"""What may stand before and in a doctype without a browser reading it in another way (HTML §13.2.5)."""


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
