"""The catalogue: a SQLite view of the current sidecars and texts, for lists, search and the web app.

Derived; may be deleted at any time, and is made again when it is absent, damaged or of an older version. It follows
the ledger: each opening reads only the event lines not seen before. One of SQLite's two homes.
"""

from archiver.catalogue.catalogue import Catalogue, Hit, Order, open_catalogue, rebuild
from archiver.catalogue.filling import fill_texts
from archiver.catalogue.query import BadQuery, Query, parse
from archiver.catalogue.tables import Row, path_of
from archiver.catalogue.texts import article_text, record_content
from archiver.catalogue.words import Excerpt

__all__ = [
    "BadQuery",
    "Catalogue",
    "Excerpt",
    "Hit",
    "Order",
    "Query",
    "Row",
    "article_text",
    "fill_texts",
    "open_catalogue",
    "parse",
    "path_of",
    "rebuild",
    "record_content",
]
