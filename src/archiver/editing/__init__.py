"""Corrections by people, readings by software, and the history of both.

A correction is a claim more in the sidecar, with a name and a reason, in a revision of its own; nothing that was
there before is changed. Undoing is correcting back.
"""

from archiver.editing.edit import Change, Edited, edit, edit_all, unite
from archiver.editing.history import Passage, history
from archiver.editing.rereading import reread
from archiver.editing.wish import Signature, Wish, wishes_as_typed, wishes_of_file, wishes_of_table

__all__ = [
    "Change",
    "Edited",
    "Passage",
    "Signature",
    "Wish",
    "edit",
    "edit_all",
    "history",
    "reread",
    "unite",
    "wishes_as_typed",
    "wishes_of_file",
    "wishes_of_table",
]
