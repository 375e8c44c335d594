"""Corrections by hand: one record superseded by somebody who says why."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scoring.base.calendar import today
from scoring.base.errors import ConflictError
from scoring.notices.queueing import Cause, queue_notices_of_step
from scoring.parties.persons import require_name_and_reason
from scoring.records.checking import corrected_values
from scoring.records.kinds import RecordKind
from scoring.records.plain import find_standing
from scoring.records.resting import resting_on
from scoring.review.disputes import HELD, open_dispute_on
from scoring.store.ledger import Ledger
from scoring.store.supersede import supersede_record
from scoring.store.tables import Record


def correct_record(
    ledger: Ledger,
    kind: RecordKind,
    record_id: int,
    *,
    changes: Mapping[str, str],
    reason: str,
    author: str,
    zone: ZoneInfo,
) -> int:
    """Put a corrected copy in a record's place, learned now; a doubt that held it is settled.

    Args:
        ledger: the open transaction.
        kind: of the record.
        record_id: the record that stands.
        changes: columns of the plain form with their new cells, as a file would have them.
        reason: why, for the founder and the reviewer to read.
        author: who says so.
        zone: the installation's; tells which days have not come yet.

    Returns:
        The id of the record that stands now.

    Raises:
        NotFoundError: there is no such record.
        ConflictError: it was superseded before, or a dispute on it is open.
        InputError: a column can't be changed, an import would refuse a cell, nothing would change,
            or name or reason are missing.
    """
    record = _correctable(ledger.session, kind, record_id, reason=reason, author=author)
    values = corrected_values(ledger.session, record, changes, today=today(ledger.now, zone))
    doubt = record.held
    if doubt != HELD:  # it waits for what it rests on, which is disputed
        values["held"] = None
    replacement = supersede_record(
        ledger, type(record), record_id, replacement=values, reason=reason, author=author
    )
    if doubt not in (None, HELD):
        for one in resting_on(ledger.session, record):
            if one.held == doubt:
                supersede_record(
                    ledger,
                    type(one),
                    one.id,
                    replacement={"held": None},
                    reason=reason,
                    author=author,
                )
    assert replacement is not None
    queue_notices_of_step(ledger, Cause.CORRECTION)
    return replacement


def retract_record(
    ledger: Ledger, kind: RecordKind, record_id: int, *, reason: str, author: str
) -> int:
    """Take a record out of what stands, with nothing in its place; what rests on it goes with it.

    Returns:
        How many records rested on it (the refund of a sale, the instalments of a loan).

    Raises:
        NotFoundError: there is no such record.
        ConflictError: it was superseded before, or a dispute on it is open.
        InputError: name or reason are missing.
    """
    record = _correctable(ledger.session, kind, record_id, reason=reason, author=author)
    resting = resting_on(ledger.session, record)
    for one in (record, *resting):
        supersede_record(ledger, type(one), one.id, replacement=None, reason=reason, author=author)
    queue_notices_of_step(ledger, Cause.CORRECTION)
    return len(resting)


def _correctable(
    session: Session, kind: RecordKind, record_id: int, *, reason: str, author: str
) -> Record:
    require_name_and_reason(author, reason)
    record = find_standing(session, kind, record_id)
    dispute = open_dispute_on(session, record)
    if dispute is not None:
        raise ConflictError(
            f"The founder disputes record {record_id} of {kind}. Decide that instead: "
            f"`foothold dispute decide {dispute.id}`."
        )
    return record
