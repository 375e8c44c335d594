"""Another key for the head, by somebody who answers for the head that lay there."""

from __future__ import annotations

from scoring.base.keys import KeyPurpose
from scoring.store.anchoring import head_alone, refuses_to_move, write_head
from scoring.store.audit import append_event
from scoring.store.database import Database
from scoring.store.head import HEAD_REPLACED, head_of
from scoring.store.keys import rotate_key


def rotate_head(database: Database, *, by: str) -> int:
    """Sign the head with another key from now on, whatever head lies beside the store.

    A head that could not move on is noted in the chain before it goes.

    Args:
        database: the store.
        by: who answers for it.

    Returns:
        The key's generation.
    """
    settings = database.settings
    with database.writing() as ledger:
        why = refuses_to_move(ledger.session, settings)
        generation = rotate_key(ledger, KeyPurpose.HEAD, by=by)
        if why is not None:
            append_event(ledger, actor=by, action=HEAD_REPLACED, details={"why": why})
    with database.reading() as session:
        head = head_of(session, settings)
    if head is not None:
        with head_alone(settings.data_dir):
            write_head(head, settings)
    return generation
