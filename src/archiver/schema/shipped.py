"""The schemas as they are shipped: versions, files, the JSON-LD context, and the order of their members."""

import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal, get_args

from archiver.errors import PartMissing

Kind = Literal["sidecar", "collection", "ledger", "erasure", "loss", "qa", "access"]
Foreign = Literal["cdxj", "datapackage", "datapackage-digest", "news-article", "page", "pages-header", "pywb-metadata"]
"""Documents whose form others have laid down: our schemas of them tell what must be there, and allow all else."""
VERSIONS: dict[Kind, tuple[str, ...]] = {
    "sidecar": ("1.0.0", "1.1.0", "1.2.0"),
    "collection": ("1.0.0", "1.1.0", "1.2.0", "1.3.0"),
    "ledger": ("1.0.0", "1.1.0", "1.2.0"),
    "erasure": ("1.0.0",),
    "loss": ("1.0.0",),
    "qa": ("1.0.0", "1.1.0"),
    "access": ("1.0.0",),
}
"""The versions of each kind, the newest last. Documents of an older one stay what they are and are judged by it."""
FOREIGN: tuple[Foreign, ...] = get_args(Foreign)
CONTEXT = "1.0.0"
"""The version of the JSON-LD context that sidecars carry."""


def ids() -> dict[Kind, str]:
    """The `$id` of the newest schema of each kind; sidecars and collections carry it as `$schema`."""
    return {kind: f"urn:archiver:schema:{kind}:{versions[-1]}" for kind, versions in VERSIONS.items()}


def kind_of(document: Any) -> Kind | None:
    """The kind that a document's `$schema` claims, of whatever version; None when it claims none."""
    named = document.get("$schema") if isinstance(document, dict) else None
    return next((kind for kind in VERSIONS if str(named).startswith(f"urn:archiver:schema:{kind}:")), None)


def version_of(document: Any, kind: Kind) -> str:
    """The version that a document names, whether it is known here or not; without one, the newest."""
    return str(document["$schema"]).rpartition(":")[2] if kind_of(document) == kind else VERSIONS[kind][-1]


def schema_files() -> dict[str, bytes]:
    """The schemas as files to lie in a collection's `schemas/`: `sidecar-1.0.0.json` → its bytes; and the context."""
    every = ((kind, version) for kind, versions in VERSIONS.items() for version in versions)
    schemas = {f"{kind}-{version}.json": content(f"{kind}/{version}.json") for kind, version in every}
    return schemas | {f"context-{CONTEXT}.jsonld": content(f"context/{CONTEXT}.jsonld")}


def context() -> dict[str, Any]:
    """The JSON-LD context of new sidecars: what their names mean in schema.org, Dublin Core, PREMIS and PROV.

    It is the value of `@context`, so reading a sidecar as linked data needs no network.
    """
    loaded: dict[str, Any] = json.loads(content(f"context/{CONTEXT}.jsonld"))["@context"]
    return loaded


@cache
def content(path: str) -> bytes:
    """A file of `schemas/`. Raises `PartMissing` when the folder is not there."""
    return (_folder() / path).read_bytes()


@cache
def loaded(kind: Kind | Foreign, version: str = "") -> dict[str, Any]:
    """A schema; nobody changes it."""
    path = f"{kind}/{version}.json" if version else f"foreign/{kind}.json"
    document: dict[str, Any] = json.loads(content(path))
    return document


def ordered(document: Any, kind: Kind) -> Any:
    """A copy of `document` whose members stand in the order of the schema; unknown ones after, as they were."""
    version = version_of(document, kind)
    whole = loaded(kind, version if version in VERSIONS[kind] else VERSIONS[kind][-1])
    return _ordered(document, whole, whole)


def _folder() -> Traversable:
    """`archiver/schemas` in an installed wheel, the repository's `schemas/` in an editable install."""
    packaged, repository = files("archiver") / "schemas", Path(__file__).parents[3] / "schemas"
    for folder in (packaged, repository):
        if folder.is_dir():
            return folder
    raise PartMissing("The folder of schemas", f"it is not at {packaged}", "Install archiver again.")


def _ordered(value: Any, part: Any, whole: dict[str, Any]) -> Any:
    part = _resolved(part, whole)
    if isinstance(value, list):
        return [_ordered(item, part.get("items", {}), whole) for item in value]
    known = part.get("properties", {})
    if not isinstance(value, dict) or not known:
        return value
    keys = [*(key for key in known if key in value), *(key for key in value if key not in known)]
    return {key: _ordered(value[key], known.get(key, {}), whole) for key in keys}


def _resolved(part: Any, whole: dict[str, Any]) -> dict[str, Any]:
    """The schema that `part` stands for: a `$ref` into the same file is followed, `true` and `false` say nothing."""
    if not isinstance(part, dict):
        return {}
    if "$ref" not in part:
        return part
    target: Any = whole
    for step in part["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return _resolved(target, whole)
