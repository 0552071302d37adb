"""Texts of captures whose WARC is elsewhere: read there, record by record, so that search finds their words too."""

from concurrent.futures import ThreadPoolExecutor

from archiver.catalogue.catalogue import open_catalogue
from archiver.catalogue.feeding import set_text, without_text
from archiver.catalogue.texts import Fetch, article_text
from archiver.collection import Collection
from archiver.errors import UnreadableInput
from archiver.model import Progress

AT_ONCE = 8
BATCH = 64


def fill_texts(collection: Collection, fetch: Fetch, progress: Progress) -> None:
    """Bring the texts that the catalogue lacks. What was brought stays if `fetch` fails on the way."""
    current = collection.lookup()

    def text(capture: str) -> str:
        try:
            sidecar = current(capture)
        except (UnreadableInput, OSError):
            return ""  # `verify` tells
        return article_text(collection, sidecar, fetch=fetch) if sidecar else ""

    with open_catalogue(collection) as catalogue, ThreadPoolExecutor(AT_ONCE) as pool:
        wanted = without_text(catalogue.database)
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            texts = list(pool.map(text, batch))
            with collection.state.lock(f"{collection.name}.catalogue"), catalogue.database:
                for capture, found in zip(batch, texts, strict=True):
                    if found:
                        set_text(collection, catalogue.database, capture, found)
            progress("reading texts", start + len(batch), len(wanted))
