"""Secrets taken out of the items of one visit, before anything is written.

All of a visit is held back until it is over, because a secret may be told before it is known as one: a script echoes
the cookie that the page's document, recorded after it, has set. Then each item is searched for all that was learned.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO, TypeVar

from archiver.model import Exchange, Headers, Item, PageInfo, Request, Resource, Response, new_body, timestamp
from archiver.redaction.held import Held
from archiver.redaction.known import Known, Matcher
from archiver.redaction.learning import as_bytes, learn
from archiver.redaction.masking import is_coded, mask, masked_copy, merged, occurs, uncoded
from archiver.redaction.places import Span, in_header, in_urls
from archiver.redaction.sealing import Sealing
from archiver.warc.decoding import CannotDecode, entity

Message = TypeVar("Message", Request, Response)
Rule = Callable[[str], Iterable[Span]]

UNREADABLE = "is left out: its coding cannot be read, so that nobody can say whether it holds a secret"


class Redactor:
    """What is secret in one visit, and what became of it."""

    def __init__(self, known: Known, sealing: Sealing | None = None) -> None:
        """`known` from the start. With `sealing`, originals are not lost but closed in."""
        self.count = 0
        """Values taken out so far."""
        self._known, self._sealing = known, sealing
        self._matcher = known.matcher()
        self._unread: list[str] = []
        self._record = {"record": "", "url": "", "date": ""}

    def items(self, source: Iterator[Item]) -> Iterator[Item]:
        """The items of `source`, redacted, after the last of them has come. Closed early, it closes `source`."""
        with closing(Held()) as held, ExitStack() as ending:
            if self._sealing:
                ending.callback(self._sealing.close)
            try:
                for item in source:
                    learn(self._known, held.keep(item))
            finally:
                if isinstance(source, Generator):
                    source.close()
            self._matcher = self._known.matcher()
            for item in held:
                if isinstance(item, PageInfo):
                    yield from self._last(item)
                else:
                    yield self.redact(item)

    def _last(self, info: PageInfo) -> Iterator[Item]:
        """The page info, and before it all that was taken out of the items and of itself, sealed."""
        redacted = self.redact(info)
        if self._sealing and self.count:
            about, sealed = self.text(info.url), self._sealing.seal()
            yield Resource("sealed", about, "application/octet-stream", sealed, info.finished)
        yield redacted

    def redact(self, item: Item) -> Item:
        """An item without the secrets known by now. Its bodies may be others than before; the caller closes both."""
        if isinstance(item, Exchange):
            self._begin("exchange", item.started)
            url = self._line("url", item.url, in_urls)
            taken = ("url",) if url != item.url else ()
            self._begin("request", item.started, url)
            request = self._message(item.request, taken)
            self._begin("response", item.started, url)
            return replace(item, url=url, request=request, response=self._message(item.response, taken))
        if isinstance(item, Resource):
            self._begin(item.name, item.created)
            about = self._line("url", item.about, in_urls)
            self._begin(item.name, item.created, about)
            body, _ = self._body(item.body, ())
            changed = {"url": about != item.about, "body": body is not item.body}
            return replace(item, about=about, body=body, redacted=tuple(name for name in changed if changed[name]))
        self._begin("pageinfo", item.finished, self.text(item.url))
        before, facts = self.count, item.facts
        kept = replace(item, facts=replace(facts, html="") if facts else None)
        info: PageInfo = self._told(replace(kept, reasons=(*item.reasons, *self._unread)))
        if facts and info.facts:  # it is only read, so nothing of it is counted or sealed
            info = replace(info, facts=replace(info.facts, html=self.text(facts.html)))
        return replace(info, redacted=("pageinfo",) if self.count > before else ())

    def text(self, text: str) -> str:
        """A text for people, such as a URL or an error's sentence, without the secrets known by now."""
        return masked_text(text, in_urls, self._matcher)[0]

    def _begin(self, record: str, date: datetime, url: str = "") -> None:
        self._record = {"record": record, "url": url, "date": timestamp(date, micro=True)}

    def _message(self, message: Message, taken: tuple[str, ...]) -> Message:
        """A request or a response; `taken` is what was redacted of it already."""
        names = dict.fromkeys(taken)
        headers: list[tuple[str, str]] = []
        for name, value in message.headers:
            headers.append((name, self._line(f"header {name}", value, partial(in_header, name))))
            if headers[-1][1] != value:
                names[name.lower()] = None
        if message.body is None:
            return replace(message, headers=tuple(headers), redacted=tuple(names))
        body, lines = self._body(message.body, tuple(headers))
        if body is not message.body:
            names["body"] = None
        return replace(message, headers=lines, body=body, redacted=tuple(names))

    def _body(self, body: BinaryIO, headers: Headers) -> tuple[BinaryIO, Headers]:
        """A body without secrets, with the headers that are true of it; the very body where there is none in it.

        One that is stored with a coding is searched in both forms, and stored without if something was found.
        """
        coded = is_coded(headers)
        try:
            found = occurs(entity(body, ()), self._matcher) or (coded and occurs(entity(body, headers), self._matcher))
            if not found:
                return body, headers
            copy, ranges, size = masked_copy(entity(body, headers), self._matcher)
        except CannotDecode:
            self._unread.append(f"the body of {self._record['url']} {UNREADABLE}")
            return new_body(), uncoded(headers, 0)
        self.count += len(ranges)
        if self._sealing:
            self._sealing.note_body(self._record, entity(body, headers), ranges)
        return copy, uncoded(headers, size) if coded else headers

    def _told(self, value: Any) -> Any:
        """Page info, with every text in it."""
        match value:
            case str():
                return self._line("value", value, in_urls)
            case dict():
                return {key: self._told(inner) for key, inner in value.items()}
            case list() | tuple():
                return type(value)(self._told(inner) for inner in value)
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{one.name: self._told(getattr(value, one.name)) for one in fields(value)})
        return value

    def _line(self, place: str, text: str, rule: Rule) -> str:
        """A header value, a URL or another line, without what the `rule` finds in it and all that is known."""
        masked, count = masked_text(text, rule, self._matcher)
        self.count += count
        if count and self._sealing:
            self._sealing.note(self._record, place, text)
        return masked


def masked_text(text: str, rule: Rule, matcher: Matcher) -> tuple[str, int]:
    """`text` with its secrets replaced, and how many there were."""
    content, encoding = as_bytes(text)
    found = ((span.start, span.end) for span in rule(content.decode("latin-1")))
    ranges = merged([*found, *matcher.find(content)])
    if not ranges:
        return text, 0
    masked = bytearray(content)
    mask(masked, ranges)
    return masked.decode(encoding, "replace"), len(ranges)
