"""Which blocks of a page are the article's."""

from archiver.extract.page import Page
from archiver.extract.text import voices
from archiver.extract.text.article import ArticleText, Paragraph
from archiver.extract.text.blocks import blocks_of, words_of

_LOST = 0.7
"""Where the blocks hold a smaller share of what the reader's voice tells, its text stands as it is."""


def chosen(page: Page) -> ArticleText:
    """The text of the article on `page`; none where the page is too large for the reader's voice."""
    reader = voices.reader(page)
    if not reader.text:
        return ArticleText()
    titles = [words_of(title) for title in page.all_titles]
    kept = [one for one in blocks_of(page.tree) if one.words and reader.agrees(one) >= 0.5]
    kept = [one for one in kept if one.kind != "heading" or one.words not in titles]
    if sum(len(one.text) for one in kept) < _LOST * len(reader.text):
        lines = (" ".join(line.split()) for line in reader.text.split("\n"))
        return ArticleText(tuple(Paragraph("paragraph", line) for line in lines if line))
    return ArticleText(tuple(Paragraph(one.kind, one.text) for one in kept))
