"""Scoring a founder: the one path that the API, the command line, bulk runs and replay all take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from typing import Any

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from scoring.bands import band_of
from scoring.calendar import day_number, end_of, today
from scoring.canonical import canonical_json, digest
from scoring.errors import ConflictError, InputError, IntegrityError, NotFoundError
from scoring.features.build import Content, FounderFile, one_founder
from scoring.models.artefact import INTERVAL_LEVEL, Artefact
from scoring.models.registry import champion, load_artefact
from scoring.reasons.ranking import category_shares, group_points, principal_reasons
from scoring.records.audit import append_event
from scoring.records.consents import Purpose, require_consent
from scoring.records.database import Database, Ledger
from scoring.records.parties import random_reference
from scoring.records.tables import (
    Application,
    CashFlowLine,
    Founder,
    Lender,
    Loan,
    Model,
    OrderLine,
    Score,
)
from scoring.settings import Settings
from scoring.thin_files import missing_evidence

SCHEMA = "foothold.score/1"


@dataclass(frozen=True)
class Subject:
    """What is asked: whose score, for whom, for what, as of when."""

    founder: Founder
    lender: Lender
    purpose: Purpose
    as_of: date
    application: str | None


def score_founder(
    ledger: Ledger,
    settings: Settings,
    founder_reference: str,
    *,
    lender: Lender,
    purpose: Purpose,
    as_of: date | None = None,
    application: str | None = None,
    actor: str,
) -> Score:
    """Score a founder, keep the score and note it in the audit chain, in one transaction.

    Args:
        ledger: the open transaction.
        settings: of the installation.
        founder_reference: whose score.
        lender: who asks.
        purpose: for what; needs the founder's consent to exactly this.
        as_of: the score is as of the end of this day; today when None.
        application: reference of the loan asked for, the founder's latest.
        actor: who acts, for the audit chain.

    Raises:
        ConsentError: no valid consent.
        InputError: the day lies in the future, or the application is not on file.
        NoChampionError: no model was promoted.
        ConflictError: the founder's records are in another currency than the model's.
    """
    current = today(ledger.now, settings.zone)
    as_of = as_of or current
    if as_of > current:
        raise InputError(f"as_of {as_of} lies in the future (today is {current}).")
    founder, consent = require_consent(
        ledger.session, founder_reference, lender=lender, purpose=purpose, at=ledger.now
    )
    subject = Subject(founder, lender, purpose, as_of, application)
    model = champion(ledger.session)
    document = score_document(ledger.session, settings, subject, model, known_at=ledger.now)
    text = canonical_json(document)
    score = Score(
        reference=random_reference("S", 16),
        founder_id=founder.id,
        lender_id=lender.id,
        consent_id=consent.id,
        model_id=model.id,
        purpose=purpose.value,
        application=application,
        as_of=as_of,
        known_at=ledger.now,
        issued_at=ledger.now,
        score=document["score"],
        document=text,
        document_digest=digest(text),
        code_version=version("foothold"),
    )
    ledger.session.add(score)
    ledger.session.flush()
    append_event(
        ledger,
        actor=actor,
        action="score.issued",
        founder_id=founder.id,
        details={
            "score": score.reference,
            "lender": lender.reference,
            "purpose": purpose.value,
            "model": model.reference,
        },
    )
    return score


def replay_score(database: Database, reference: str) -> dict[str, Any]:
    """Compute a stored score again from the records known then, and compare byte by byte.

    Returns:
        `score` (reference), `equal`, `digest`, `code_version` (of the score), `document`.

    Raises:
        NotFoundError: there is no such score.
        IntegrityError: the recomputed document differs from the stored one.
    """
    with database.reading() as session:
        found = session.execute(
            select(Score, Founder, Lender, Model)
            .join(Founder, Founder.id == Score.founder_id)
            .join(Lender, Lender.id == Score.lender_id)
            .join(Model, Model.id == Score.model_id)
            .where(Score.reference == reference)
        ).first()
        if found is None:
            raise NotFoundError(f'There is no score "{reference}".')
        score, founder, lender, model = found
        if digest(score.document) != score.document_digest:
            raise IntegrityError(f"The document of {reference} does not match its digest.")
        subject = Subject(founder, lender, Purpose(score.purpose), score.as_of, score.application)
        document = score_document(
            session, database.settings, subject, model, known_at=score.known_at
        )
    text = canonical_json(document)
    if text != score.document:
        changed = _differences(json.loads(score.document), document)
        raise IntegrityError(
            f"Replaying {reference} gave another document: {', '.join(changed)} differ. "
            f"It was scored by version {score.code_version}, this is {version('foothold')}."
        )
    return {
        "score": reference,
        "equal": True,
        "digest": score.document_digest,
        "code_version": score.code_version,
        "document": document,
    }


def score_document(
    session: Session,
    settings: Settings,
    subject: Subject,
    model: Model,
    *,
    known_at: datetime,
) -> dict[str, Any]:
    """The canonical score document: everything said, and everything needed to say it again.

    It holds neither an id nor the time of issue, so the same question about the same knowledge
    gives the same bytes.
    """
    artefact = load_artefact(model)
    as_of_end = end_of(subject.as_of, settings.zone)
    _refuse_other_currency(session, subject.founder, artefact.currency, as_of_end, known_at)
    if subject.application is not None:
        _require_latest_application(session, subject, as_of_end, known_at)
    file = one_founder(
        session,
        subject.founder.id,
        as_of=subject.as_of,
        known_at=known_at,
        zone=settings.zone,
    )
    missing = missing_evidence(file, as_of=subject.as_of)
    return {
        "schema": SCHEMA,
        "founder": subject.founder.reference,
        "lender": subject.lender.reference,
        "purpose": subject.purpose.value,
        "application": subject.application,
        "as_of": subject.as_of.isoformat(),
        "currency": artefact.currency,
        "model": {
            "id": model.reference,
            "digest": model.artefact_digest,
            "deployment_profile": model.deployment_profile,
            "background": artefact.scorecard.background_,
        },
        "completeness": {kind.value: _content(c) for kind, c in file.contents.items()},
        "features": {name: file.values[name] for name in artefact.feature_names},
        "missing": missing,
        **(_unscored() if missing else _scored(artefact, file)),
    }


def _scored(artefact: Artefact, file: FounderFile) -> dict[str, Any]:
    features = artefact.features
    values: Mapping[str, float | None] = file.values
    points = artefact.points.points(values)
    score = artefact.points.base + sum(points.values())
    prediction = artefact.predict(values)
    groups = group_points(points, values, features)
    lowest, highest = artefact.score_range
    return {
        "score": score,
        "score_range": {"lowest": lowest, "highest": highest},
        "band": band_of(score),
        "log_odds": prediction.log_odds,
        "pd": prediction.pd,
        "pd_low": prediction.pd_low,
        "pd_high": prediction.pd_high,
        "interval_level": INTERVAL_LEVEL,
        "base_points": artefact.points.base,
        "base_log_odds": artefact.scorecard.card_.intercept,
        "contributions": artefact.scorecard.card_.look_up(values),
        "points_by_feature": points,
        "points": [{"code": group.code, "points": group.points} for group in groups],
        "reasons": principal_reasons(groups),
        "category_shares": category_shares(points, features),
    }


def _unscored() -> dict[str, Any]:
    return {"score": None, "reasons": {"against": [], "for": []}, "points": []}


def _content(content: Content) -> dict[str, Any]:
    return {
        "records": content.records,
        "first_day": content.first_day.isoformat() if content.first_day else None,
        "last_day": content.last_day.isoformat() if content.last_day else None,
    }


def _refuse_other_currency(
    session: Session, founder: Founder, currency: str, as_of_end: datetime, known_at: datetime
) -> None:
    tables = (OrderLine, Loan, CashFlowLine, Application)
    found = set(
        session.scalars(
            union(
                *(
                    select(table.currency).where(
                        table.founder_id == founder.id,
                        table.currency != currency,
                        table.learned_at < as_of_end,
                        table.recorded_at <= known_at,
                        table.superseded_recorded_at.is_(None)
                        | (table.superseded_learned_at >= as_of_end)
                        | (table.superseded_recorded_at > known_at),
                    )
                    for table in tables
                )
            )
        )
    )
    if found:
        raise ConflictError(
            f"The model scores {currency} and this file holds {', '.join(sorted(found))} as well. "
            "One model scores one currency: keep the other records in a store of their own."
        )


def _require_latest_application(
    session: Session, subject: Subject, as_of_end: datetime, known_at: datetime
) -> None:
    latest = session.scalars(
        select(Application.reference)
        .where(
            Application.founder_id == subject.founder.id,
            Application.event_day <= day_number(subject.as_of),
            Application.learned_at < as_of_end,
            Application.recorded_at <= known_at,
            Application.superseded_recorded_at.is_(None)
            | (Application.superseded_learned_at >= as_of_end)
            | (Application.superseded_recorded_at > known_at),
        )
        .order_by(Application.event_day.desc(), Application.reference.desc())
        .limit(1)
    ).first()
    if latest != subject.application:
        raise InputError(
            f'"{subject.application}" is not the latest application of this founder known as of '
            f"{subject.as_of}. Import it, or name the latest."
        )


def _differences(stored: dict[str, Any], computed: dict[str, Any]) -> list[str]:
    return sorted(
        name for name in stored.keys() | computed.keys() if stored.get(name) != computed.get(name)
    )
