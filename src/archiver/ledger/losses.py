"""What people stated as lost, in the union of all chains, in whatever order their lines are read.

A recovery that failed states it: no whole copy of its files is known any more. One that succeeded takes that back. Both
bear a number (`counts.loss`): a statement one more than all that its writer knew of these files, a success that of the
statement it answers. So what was lost again counts, and what was found counts against every statement before it.
"""

from collections.abc import Iterable

from archiver.ledger.event import Event, Segment

RECOVERY = "recovery"
RECORDS = "losses/"
"""Where a statement's own record lies, which its event brings in."""
NUMBER = "loss"


class Losses:
    """The statements read so far."""

    def __init__(self) -> None:
        self._stated: dict[str, Event] = {}
        self._back: dict[str, int] = {}

    def read(self, event: Event) -> None:
        """Take an event into account; those that are no recovery say nothing."""
        if event.type != RECOVERY:
            return
        number = number_of(event)
        for path in (file.path for file in event.objects if not file.path.startswith(RECORDS)):
            if event.outcome != "failure":
                self._back[path] = max(number, self._back.get(path, 0))
            elif path not in self._stated or number > number_of(self._stated[path]):
                self._stated[path] = event

    def standing(self) -> dict[str, Event]:
        """Path → the last statement that it is lost, which nothing has taken back."""
        return {path: event for path, event in self._stated.items() if number_of(event) > self._back.get(path, 0)}


def losses(segments: Iterable[Segment]) -> dict[str, Event]:
    """What some segments state as lost, whatever became of it in others."""
    found = Losses()
    for segment in segments:
        for event in segment.events:
            found.read(event)
    return found.standing()


def number_of(event: Event) -> int:
    """The number of a statement or of what answers it; 0 for a recovery that answers none."""
    return dict(event.counts).get(NUMBER, 0)
