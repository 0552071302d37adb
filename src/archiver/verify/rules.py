"""Access rules that somebody lifted: whoever can write to the collection can, and it shall not go unseen."""

from collections.abc import Iterator

from archiver import access
from archiver.collection import Collection
from archiver.errors import UnreadableInput
from archiver.model import Finding


def check_lifted(collection: Collection) -> Iterator[Finding]:
    """What was replaced by a milder rule, by whom and when."""
    try:
        known = access.rules(collection)
    except UnreadableInput:
        return  # which is told of the segment
    for one in known.all:
        later = known.replaced.get(one.name)
        if later and access.KINDS.index(later.access) < access.KINDS.index(one.access):
            message = f"{one.access} for {one.target}, by {one.by}, was replaced by {later.name} ({later.access})"
            message += f" on {later.at[:10]}, by {later.by}"
            hint = "`archiver restrict --list` shows all rules."
            yield Finding("info", "rule-lifted", f"{collection.name}: {one.name}", message, hint)
