"""Repair: what is missing or damaged here is brought back from another copy of the collection, whatever form it has.

`archiver sync repair` mends a store as well; this only takes, also from a folder or a package.
"""

from archiver.repair.copies import Copy, open_copy
from archiver.repair.repair import Repaired, repair_collection

__all__ = ["Copy", "Repaired", "open_copy", "repair_collection"]
