"""Are these files what they should be? Ours by our schemas, those of others by their specifications.

    kinds      which kind a file is, by what it says of itself or by its name
    documents  sidecars, descriptions of collections      records  a sidecar against its WARC
    lines      the ledger                                 pages    pages.jsonl
    cdxj       indexes                                    wacz     WACZ files, datapackage.json
    bagit      bags                                       jsonld   schema.org articles
    pywb       metadata.yaml

Every finding stands at `file:line:col`; all of them are told, none stops the rest. `docs/validation.md` explains the
codes.
"""

from archiver.validate.files import Judged, validate_files
from archiver.validate.kinds import validate_file

__all__ = ["Judged", "validate_file", "validate_files"]
