"""The catalogue's database, up to date with the ledger, however the file is found."""

import sqlite3
from contextlib import suppress

from archiver.catalogue import tables
from archiver.catalogue.feeding import is_current, refresh
from archiver.catalogue.tables import path_of
from archiver.collection import Collection
from archiver.errors import StorageError


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is no sound database."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _refreshed(collection: Collection, database: sqlite3.Connection) -> sqlite3.Connection:
    try:
        refresh(collection, database)
    except BaseException:
        database.close()
        raise
    return database


def opened(collection: Collection) -> sqlite3.Connection:
    """The database, up to date; made again where it is damaged.

    Where it cannot be written, it is read if nothing new is in the ledger; else all is made in memory.
    """
    try:
        with collection.state.lock(f"{collection.name}.catalogue"):
            path = path_of(collection)
            try:
                return _refreshed(collection, tables.connect(path))
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
            tables.remove(path)
            return _refreshed(collection, tables.connect(path))
    except (sqlite3.OperationalError, StorageError):
        with suppress(sqlite3.DatabaseError):
            database = tables.connect_to_read(path_of(collection))
            if database and is_current(collection, database):
                return database
        return _refreshed(collection, tables.with_tables(":memory:"))
