"""What the document just recorded says: read back from the WARC, so that it is what the WARC holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from archiver import extract, warc
from archiver.extract.text import ArticleText
from archiver.model import Finding, PageFacts, PageInfo, Resource, new_body, now
from archiver.sidecar import Assertion
from archiver.warc import RecordRef, WarcWriter

HTML_BYTES = 20 << 20
"""Of a longer document only so much is read."""
_WHOLE = 0.8
"""Share of the words that were sent which a page must still have for its text to be taken as its scripts left it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and how it went."""

    assertions: Sequence[Assertion] = ()
    facts: PageFacts | None = None
    """What the page is judged by."""
    text: ArticleText = field(default_factory=ArticleText)
    complaints: Sequence[Finding] = ()


def read(file: Path, main: RecordRef | None, info: PageInfo | None) -> Reading:
    """What the main document says about itself, the facts it is judged by, and its article's text.

    Of a document that is no HTML, only its address speaks. What the browser saw goes before what the HTML tells; the
    text is that of the page as its scripts left it, unless they took the better part of it away.
    """
    if main is None or info is None:
        return Reading()
    html, charset = None, None
    for record in warc.read_records(file):
        if record.id == main.record_id:
            if "html" in record.media_type:
                html, charset = record.payload().read(HTML_BYTES), record.charset
            break
    complaints: list[Finding] = []
    page = extract.page_of(html or b"", info.final_url, charset=charset)
    shown = extract.page_of(info.facts.html, info.final_url) if info.facts and info.facts.html else None
    assertions = extract.assertions(page, page.url, source="served" if shown else None, report=complaints.append)
    text = extract.article_text(page, report=complaints.append)
    facts = extract.facts(page, assertions, report=complaints.append) if html else None
    if shown:
        assertions += extract.rendered(shown, assertions, report=complaints.append)
        left = extract.article_text(shown, report=complaints.append)
        text = left if left.words >= _WHOLE * text.words else text
    assertions = [one for one in assertions if not _counts(one) or one.value == text.words]
    if (seen := info.facts) and facts:
        article = seen.is_article or facts.is_article
        facts = replace(seen, is_article=article, claimed_words=facts.claimed_words, is_free=facts.is_free)
    return Reading(assertions, facts or seen, text, complaints)


def _counts(claim: Assertion) -> bool:
    """Whether a claim is ours of the text's length: it must be that of the text which is kept."""
    return claim.about == "/article/wordCount" and claim.method == "page"


def write_text(text: ArticleText, url: str, writer: WarcWriter) -> list[RecordRef]:
    """Write the record `urn:article:URL` of a page with text, and tell where; of one without, nothing."""
    if not text.paragraphs:
        return []
    with new_body(text.encoded()) as body:
        ref = writer.write(Resource("article", url, "application/json", body, now()))
    return [replace(ref, role="articleText")]
