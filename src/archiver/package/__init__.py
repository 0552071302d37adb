"""Packages: what others can read is made of captures, and what others made is taken in.

    contents    what goes into a package            reading    packages from afar, refused unless wholly sound
    wacz        writing WACZ files                  importing  WARC files, folders, WACZ files, bags
    bag         writing bags                        returning  captures of ours that come back
    index       the index of a WACZ file            foreign    WARC files made by others
    exporting   a package appears whole             imported   what an import comes to
    closure     captures that others need           ruling     access rules that come with a package

`docs/packages.md` tells the layouts, and what is refused by which code.
"""

from archiver.package.exporting import Exported, Form, export
from archiver.package.foreign import import_warc
from archiver.package.imported import Imported
from archiver.package.importing import import_all, import_package
from archiver.package.reading import Package, RefusedPackage, open_package
from archiver.package.returning import PackageConflict

__all__ = [
    "Exported",
    "Form",
    "Imported",
    "Package",
    "PackageConflict",
    "RefusedPackage",
    "export",
    "import_all",
    "import_package",
    "import_warc",
    "open_package",
]
