"""What documents must look like: the JSON Schemas (Draft 2020-12) that Archiver ships, and how it judges by them.

A published schema never changes; its `$id` is a plain name (`urn:archiver:schema:KIND:VERSION`) that is never
fetched, and no schema refers to anything outside itself. `schemas/foreign/` holds what documents of others must have.
"""

from archiver.schema.judge import FORMATS, problems
from archiver.schema.shipped import (
    FOREIGN,
    VERSIONS,
    Foreign,
    Kind,
    context,
    ids,
    kind_of,
    loaded,
    ordered,
    schema_files,
)
from archiver.schema.words import Problem, shown

__all__ = [
    "FOREIGN",
    "FORMATS",
    "VERSIONS",
    "Foreign",
    "Kind",
    "Problem",
    "context",
    "ids",
    "kind_of",
    "loaded",
    "ordered",
    "problems",
    "schema_files",
    "shown",
]
