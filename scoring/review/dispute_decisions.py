"""Decisions on disputes: by a second person, within seven days, told to the lenders concerned.

The contested record comes back as it was, corrected, or not at all, and with it what rests on it
(Korea, Credit Information Act art. 38).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import today
from scoring.base.errors import ConflictError, FourEyesError, NotFoundError
from scoring.notices import queueing
from scoring.parties.persons import require_name_and_reason, same_person
from scoring.records.checking import corrected_values
from scoring.records.plain_columns import KINDS, kind_of_table
from scoring.records.resting import resting_on, rests_on
from scoring.records.sameness import same_content
from scoring.review.disputes import HELD, open_dispute_on
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.supersede import supersede_record
from scoring.store.tables import Dispute, DisputeDecision, Record


class Outcome(StrEnum):
    """What became of a contested record."""

    KEPT = "kept"
    CORRECTED = "corrected"
    RETRACTED = "retracted"


@dataclass(frozen=True)
class Decided:
    """What a decision did; `record` is the one that stands now, if one does."""

    dispute: int
    outcome: Outcome
    record: int | None
    notices: int


def decide_keeping(ledger: Ledger, dispute_id: int, *, reason: str, author: str) -> Decided:
    """Decide that the record stands as it is; a doubt that held it before holds it again.

    Where its source has itself changed the record or taken it back meanwhile, the founder was
    right: the outcome says so.

    Raises:
        NotFoundError: there is no such dispute.
        ConflictError: it was decided before.
        FourEyesError: who opened it may not decide it.
        InputError: name or reason are missing.
    """
    dispute, contested, standing = _undecided(ledger, dispute_id, reason=reason, author=author)
    if standing is None:
        _bring_back(ledger, dispute, contested, Outcome.RETRACTED, author, doubt=None)
        return _decide(ledger, dispute, contested, Outcome.RETRACTED, None, reason, author)
    held = contested.held or _held_with(ledger.session, standing)
    outcome = Outcome.KEPT if same_content(standing, contested) else Outcome.CORRECTED
    record: int | None = standing.id
    if standing.held != held:
        record = _put(ledger, standing, {"held": held}, _said(dispute, outcome), author)
    _bring_back(ledger, dispute, contested, outcome, author, doubt=None)
    return _decide(ledger, dispute, contested, outcome, record, reason, author)


def decide_correcting(
    ledger: Ledger,
    dispute_id: int,
    *,
    changes: Mapping[str, str],
    reason: str,
    author: str,
    zone: ZoneInfo,
) -> Decided:
    """Decide that the record was wrong, and put a corrected one in its place.

    Raises:
        NotFoundError: there is no such dispute.
        ConflictError: it was decided before, or its source took the record back meanwhile.
        FourEyesError: who opened it may not decide it.
        InputError: an import would refuse the correction, or name or reason are missing.
    """
    dispute, contested, standing = _undecided(ledger, dispute_id, reason=reason, author=author)
    if standing is None:
        raise ConflictError(
            f"The record of dispute {dispute_id} stands no more: its source took it back, so "
            "there is nothing to correct. Decide with --retract."
        )
    day = today(ledger.now, zone)
    values = corrected_values(ledger.session, standing, changes, today=day)
    values["held"] = _held_with(ledger.session, standing)
    record = _put(ledger, standing, values, _said(dispute, Outcome.CORRECTED), author)
    _bring_back(ledger, dispute, contested, Outcome.CORRECTED, author, doubt=contested.held)
    return _decide(ledger, dispute, contested, Outcome.CORRECTED, record, reason, author)


def decide_retracting(ledger: Ledger, dispute_id: int, *, reason: str, author: str) -> Decided:
    """Decide that the record never should have been: nothing stands in its place.

    Raises:
        NotFoundError: there is no such dispute.
        ConflictError: it was decided before.
        FourEyesError: who opened it may not decide it.
        InputError: name or reason are missing.
    """
    dispute, contested, standing = _undecided(ledger, dispute_id, reason=reason, author=author)
    if standing is not None:
        _put(ledger, standing, None, _said(dispute, Outcome.RETRACTED), author)
    for one in resting_on(ledger.session, contested):
        if open_dispute_on(ledger.session, one) is None:
            _put(ledger, one, None, _said(dispute, Outcome.RETRACTED), author)
    return _decide(ledger, dispute, contested, Outcome.RETRACTED, None, reason, author)


def _undecided(
    ledger: Ledger, dispute_id: int, *, reason: str, author: str
) -> tuple[Dispute, Record, Record | None]:
    """The dispute, its record as contested, and the record that stands under its name now."""
    require_name_and_reason(author, reason)
    session = ledger.session
    dispute = session.get(Dispute, dispute_id)
    if dispute is None:
        raise NotFoundError(
            f"There is no dispute {dispute_id}. `foothold dispute list` shows all there are."
        )
    if session.get(DisputeDecision, dispute_id) is not None:
        raise ConflictError(f"Dispute {dispute_id} was decided before.")
    if same_person(dispute.opened_by, author):
        raise FourEyesError(
            f"Dispute {dispute_id} was opened by {dispute.opened_by}, who may not decide it. "
            "A second person must, with their own name."
        )
    table = KINDS[kind_of_table(dispute.table_name)]
    standing = session.scalars(
        select(table).where(
            table.source == dispute.source,
            table.natural_key == dispute.natural_key,
            table.superseded_recorded_at.is_(None),
        )
    ).first()
    return dispute, session.get_one(table, dispute.record_id), standing


def _decide(
    ledger: Ledger,
    dispute: Dispute,
    contested: Record,
    outcome: Outcome,
    record: int | None,
    reason: str,
    author: str,
) -> Decided:
    """Keep the decision and queue notices to the lenders that must hear of it."""
    ledger.session.add(
        DisputeDecision(
            dispute_id=dispute.id,
            outcome=outcome.value,
            reason=reason,
            decided_by=author,
            decided_at=ledger.now,
        )
    )
    ledger.session.flush()
    notices = 0
    if outcome is not Outcome.KEPT:
        notices = queueing.queue_notices_of_dispute(
            ledger, dispute, contested, queueing.Outcome(outcome.value)
        )
    append_event(
        ledger,
        actor=author,
        action="dispute.decided",
        founder_id=dispute.founder_id,
        details={"dispute": dispute.id, "outcome": outcome.value, "notices": notices},
    )
    return Decided(dispute.id, outcome, record, notices)


def _bring_back(
    ledger: Ledger,
    dispute: Dispute,
    contested: Record,
    outcome: Outcome,
    author: str,
    *,
    doubt: str | None,
) -> None:
    """Let count again what was held with the record, or for the doubt that is settled with it."""
    for one in resting_on(ledger.session, contested):
        held_with_it = one.held == HELD and open_dispute_on(ledger.session, one) is None
        if held_with_it or (doubt is not None and one.held == doubt):
            _put(ledger, one, {"held": None}, _said(dispute, outcome), author)


def _put(
    ledger: Ledger, record: Record, changes: Mapping[str, Any] | None, reason: str, author: str
) -> int | None:
    return supersede_record(
        ledger, type(record), record.id, replacement=changes, reason=reason, author=author
    )


def _said(dispute: Dispute, outcome: Outcome) -> str:
    return f"dispute {dispute.id}: {outcome.value}"


def _held_with(session: Session, record: Record) -> str | None:
    under = rests_on(session, record)
    return HELD if under is not None and under.held == HELD else None
