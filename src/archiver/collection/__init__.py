"""One folder is one collection: its layout, its commit, its index levels. The sole writer of it."""

from archiver.collection.collection import Collection
from archiver.collection.draft import Draft
from archiver.collection.root import Root

__all__ = ["Collection", "Draft", "Root"]
