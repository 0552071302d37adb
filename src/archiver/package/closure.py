"""What has to travel together: a capture, and those that hold the originals of its revisit records."""

from collections.abc import Iterable

from archiver.collection import Collection
from archiver.model import Finding


def closure(collection: Collection, captures: Iterable[str]) -> tuple[list[str], list[Finding]]:
    """The captures, then all that they require, directly or through others, each once; and what is missing of them.

    A capture that is not in the collection is a finding (`capture-missing`) that names who requires it, and is left
    out of the list.
    """
    sidecar_of = collection.lookup()
    asking = dict.fromkeys(captures, "")
    queue, whole, findings = list(asking), list[str](), list[Finding]()
    for capture in queue:
        if (sidecar := sidecar_of(capture)) is None:
            why = f"{asking[capture]} has revisit records of it" if asking[capture] else "it was asked for"
            hint = "Bring it from a copy: `archiver sync pull` brings what the store still has."
            findings.append(
                Finding("error", "capture-missing", capture, f"it is not in {collection.name}; {why}", hint)
            )
            continue
        whole.append(capture)
        further = [required for required in sidecar.requires if required not in asking]
        asking |= dict.fromkeys(further, capture)
        queue += further
    return whole, findings
