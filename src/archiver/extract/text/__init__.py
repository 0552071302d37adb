"""The text of the article on a page: `choosing` says which blocks of the page it is."""

from archiver.extract.text.article import ArticleText, Kind, Paragraph

__all__ = ["ArticleText", "Kind", "Paragraph"]
