"""What is stored against what the audit chain says of it.

Every row is compared with the event that answers for it; scores, policies and backgrounds also
with what their own events say, which founders and lenders read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from scoring.base.canonical import digest
from scoring.base.errors import IntegrityError
from scoring.store.audit import verify_chain
from scoring.store.row_verification import verify_marks, verify_rows
from scoring.store.tables import (
    AuditEvent,
    Base,
    CutOffBackground,
    Lender,
    LenderPolicy,
    Model,
    Score,
)


@dataclass(frozen=True)
class Verified:
    """A store that is what its audit chain says, in numbers.

    Attributes:
        events: links of the chain.
        scores: stored scores.
        policies: decisions of lenders.
        backgrounds: means over applicants at a lender's cut-off.
        rows: of every table that the chain answers for.
        superseded: records that stand no more.
        guarded: tables that refuse to change or remove their rows: all.
    """

    events: int
    scores: int
    policies: int
    backgrounds: int
    rows: int
    superseded: int
    guarded: int

    def as_dict(self) -> dict[str, int]:
        """Plain data for `--json`."""
        return asdict(self)


def verify_store(session: Session) -> Verified:
    """Check the chain, and all that is stored against it.

    Raises:
        IntegrityError: something was changed, added, removed or cut off; says what.
    """
    return Verified(
        events=verify_chain(session),
        scores=verify_scores(session),
        policies=verify_policies(session),
        backgrounds=verify_backgrounds(session),
        rows=sum(verify_rows(session).values()),
        superseded=verify_marks(session),
        guarded=verify_guards(session),
    )


def verify_guards(session: Session) -> int:
    """Check that every table still has the triggers that make it append-only.

    Returns:
        How many tables have them.

    Raises:
        IntegrityError: one is missing or switched off; names the table.
    """
    endings: tuple[str, ...]
    if session.get_bind().dialect.name == "sqlite":
        statement = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        endings = ("no_update", "no_delete", "no_replace")
    else:
        statement = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        endings = ("append_only_row", "append_only_statement")
    there = set(session.scalars(text(statement)))
    for table in sorted(Base.metadata.tables):
        missing = [ending for ending in endings if f"{table}_{ending}" not in there]
        if missing:
            raise IntegrityError(
                f"{table}: what refuses to change its rows is gone ({', '.join(missing)}). "
                "Somebody had the database without Foothold: compare with a backup and a head kept "
                "elsewhere."
            )
    return len(Base.metadata.tables)


def verify_scores(session: Session) -> int:
    """Check every stored score against the digest that the audit chain holds of it.

    Returns:
        How many scores there are.

    Raises:
        IntegrityError: a score was changed, or one has no event of its own.
    """
    noted = {
        details["score"]: details["document_digest"]
        for _, details in _events(session, "score.issued")
    }
    count = 0
    for score in session.scalars(select(Score)).yield_per(500):
        document = json.loads(score.document)
        if noted.get(score.reference) != digest(score.document) or score.score != document["score"]:
            raise IntegrityError(f"Score {score.reference} is not what the audit chain says.")
        count += 1
    if count != len(noted):
        raise IntegrityError(f"{len(noted) - count} scores of the audit chain are not stored.")
    return count


def verify_policies(session: Session) -> int:
    """Check every policy of every lender, in order, against the event of its decision.

    Returns:
        How many decisions there are.

    Raises:
        IntegrityError: one was changed, has no event of its own, or is gone.
    """
    noted: dict[tuple[str, int], Any] = {}
    places: Counter[str] = Counter()
    for event, details in _events(session, "lender.policy"):
        places[details["lender"]] += 1
        noted[details["lender"], places[details["lender"]]] = (
            details["cut_off"],
            details["margin"],
            details["positive_only"],
            details["reason"],
            event.actor,
            event.at,
        )
    stored: dict[tuple[str, int], Any] = {}
    places.clear()
    rows = session.execute(
        select(LenderPolicy, Lender.reference)
        .outerjoin(Lender, Lender.id == LenderPolicy.lender_id)
        .order_by(LenderPolicy.id)
    )
    for row, reference in rows:
        lender = reference or "an unknown lender"
        places[lender] += 1
        stored[lender, places[lender]] = (
            row.cut_off,
            row.margin,
            row.positive_only,
            row.reason,
            row.decided_by,
            row.decided_at,
        )
    for lender, place in sorted(noted.keys() | stored.keys()):
        if noted.get((lender, place)) != stored.get((lender, place)):
            raise IntegrityError(
                f"Policy {place} of {lender}, in order of decision, is not what the audit chain "
                "says."
            )
    return len(stored)


def verify_backgrounds(session: Session) -> int:
    """Check every stored background, content and columns, against the event of its making.

    Returns:
        How many backgrounds there are.

    Raises:
        IntegrityError: one was changed, has no event of its own, or is gone.
    """
    noted = {
        details["background"]: (
            details["digest"],
            details["lender"],
            details["model"],
            details["founders"],
            event.actor,
            event.at,
        )
        for event, details in _events(session, "background.computed")
    }
    stored: dict[str, Any] = {}
    rows = session.execute(
        select(CutOffBackground, Lender.reference, Model)
        .outerjoin(Lender, Lender.id == CutOffBackground.lender_id)
        .outerjoin(Model, Model.id == CutOffBackground.model_id)
    )
    for row, lender, model in rows:
        stored[row.reference] = (
            digest(row.content),
            lender,
            None if model is None else model.reference,
            row.founders,
            row.computed_by,
            row.computed_at,
        )
        if noted.get(row.reference) != stored[row.reference] or not _says(row, lender, model):
            raise IntegrityError(f"Background {row.reference} is not what the audit chain says.")
    gone = sorted(noted.keys() - stored.keys())
    if gone:
        raise IntegrityError(f"Backgrounds of the audit chain are not stored: {', '.join(gone)}.")
    return len(stored)


def _says(row: CutOffBackground, lender: str, model: Model) -> bool:
    """Whether a background's columns are those of its content, whose digest has been checked."""
    content = json.loads(row.content)
    chosen = content["chosen"]
    return bool(
        content["model"] == model.artefact_digest
        and content["positive_only"] == row.positive_only
        and content["founders"] == row.founders
        and chosen["lender"] == lender
        and chosen["cut_off"] == row.cut_off
        and chosen["margin"] == row.margin
        and chosen["until"] == row.computed_at.isoformat()
    )


def _events(session: Session, action: str) -> Iterator[tuple[AuditEvent, Mapping[str, Any]]]:
    """The events of an action in the chain's order, with their details."""
    events = select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.sequence)
    for event in session.scalars(events).yield_per(500):
        yield event, json.loads(event.details)
