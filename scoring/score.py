"""Scoring a founder: the one path that the API, the command line, bulk runs and replay all take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.assessment import assess
from scoring.calendar import end_of, today
from scoring.canonical import canonical_json, digest
from scoring.errors import InputError, IntegrityError, ModelError, NotFoundError
from scoring.features.one_founder import Content, FounderFile, one_founder
from scoring.integrity import integrity_signals
from scoring.models.artefact import Artefact
from scoring.models.registry import champion, load_artefact
from scoring.records.audit import append_event
from scoring.records.consents import Purpose, require_consent
from scoring.records.database import Database, Ledger
from scoring.records.parties import random_reference
from scoring.records.tables import AuditEvent, Founder, Lender, Model, Score
from scoring.scorable import (
    View,
    application_scored,
    refuse_other_currencies,
    sufficiency,
)
from scoring.settings import DeploymentProfile, Settings
from scoring.version import code_version

SCHEMA = "foothold.score/1"
EARLIEST_DAY = date(1990, 1, 1)


@dataclass(frozen=True)
class Subject:
    """What is asked: whose score, for whom, for what, as of when."""

    founder: Founder
    lender: Lender
    purpose: Purpose
    as_of: date
    application: str | None
    time_zone: str


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
        application: reference of the loan asked for, the founder's latest to this lender.
        actor: who acts, for the audit chain.

    Raises:
        ConsentError: no valid consent.
        InputError: the day lies in the future, or the application is not on file.
        NoChampionError: no model was promoted.
        ModelError: the champion was trained for another deployment profile.
        ConflictError: the founder's records are in another currency than the model's.
    """
    current = today(ledger.now, settings.zone)
    as_of = as_of or current
    refuse_day(as_of, current)
    founder, consent = require_consent(
        ledger.session, founder_reference, lender=lender, purpose=purpose, at=ledger.now
    )
    subject = Subject(founder, lender, purpose, as_of, application, settings.time_zone)
    model = champion(ledger.session)
    refuse_other_profile(model, settings.deployment_profile)
    document = score_document(ledger.session, subject, model, known_at=ledger.now)
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
        code_version=code_version(),
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
            "document_digest": score.document_digest,
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
        subject = Subject(
            founder,
            lender,
            Purpose(score.purpose),
            score.as_of,
            score.application,
            json.loads(score.document)["time_zone"],
        )
        document = score_document(session, subject, model, known_at=score.known_at)
    text = canonical_json(document)
    if text != score.document:
        changed = _differences(json.loads(score.document), document)
        raise IntegrityError(
            f"Replaying {reference} gave another document: {', '.join(changed)} differ. "
            f"It was scored by version {score.code_version}, this is {code_version()}."
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
    subject: Subject,
    model: Model,
    *,
    known_at: datetime,
) -> dict[str, Any]:
    """The canonical score document: everything said, and everything needed to say it again.

    It holds neither an id nor the time of issue, so the same question about the same knowledge
    gives the same bytes. It holds codes and no texts, so a better wording changes no old score.
    """
    artefact = load_artefact(model)
    zone = ZoneInfo(subject.time_zone)
    view = View(subject.as_of, end_of(subject.as_of, zone), known_at)
    founder_id = subject.founder.id
    refuse_other_currencies(session, founder_id, view, currency=artefact.currency)
    application = application_scored(
        session, founder_id, view, lender=subject.lender.reference, named=subject.application
    )
    file = one_founder(
        session,
        founder_id,
        as_of=subject.as_of,
        known_at=known_at,
        zone=zone,
        lender=subject.lender.reference,
        kinds=artefact.kinds,
        constants=artefact.shrinkage_constants,
    )
    evidence = sufficiency(artefact, file, as_of=subject.as_of)
    return {
        "schema": SCHEMA,
        "founder": subject.founder.reference,
        "lender": subject.lender.reference,
        "purpose": subject.purpose.value,
        "application": application,
        "as_of": subject.as_of.isoformat(),
        "time_zone": subject.time_zone,
        "currency": artefact.currency,
        "model": {
            "id": model.reference,
            "digest": model.artefact_digest,
            "deployment_profile": model.deployment_profile,
            "background": artefact.scorecard.background_,
        },
        "completeness": {kind.value: _content(c) for kind, c in file.contents.items()},
        "features": {name: file.values.get(name) for name in artefact.feature_names},
        "observed": _observed(artefact, file),
        **evidence.said,
        "integrity_signals": integrity_signals(
            session,
            founder_id,
            view,
            lender=subject.lender.reference,
            application=application,
            currency=artefact.currency,
        ),
        **(_unscored() if evidence.is_thin else _scored(artefact, file)),
    }


def verify_scores(session: Session) -> int:
    """Check every stored score against the digest that the audit chain holds of it.

    Returns:
        How many scores there are.

    Raises:
        IntegrityError: a score was changed, or one has no event of its own.
    """
    noted: dict[str, str] = {}
    for details in session.scalars(
        select(AuditEvent.details).where(AuditEvent.action == "score.issued")
    ):
        event = json.loads(details)
        noted[event["score"]] = event["document_digest"]
    count = 0
    for score in session.scalars(select(Score)).yield_per(500):
        document = json.loads(score.document)
        if noted.get(score.reference) != digest(score.document) or score.score != document["score"]:
            raise IntegrityError(f"Score {score.reference} is not what the audit chain says.")
        count += 1
    if count != len(noted):
        raise IntegrityError(f"{len(noted) - count} scores of the audit chain are not stored.")
    return count


def refuse_day(as_of: date, current: date) -> None:
    """Refuse a day that has not come, or that lies before all records.

    Raises:
        InputError: it does.
    """
    if as_of > current:
        raise InputError(f"as_of {as_of} lies in the future (today is {current}).")
    if as_of < EARLIEST_DAY:
        raise InputError(f"as_of {as_of} lies before {EARLIEST_DAY}, when no record begins.")


def refuse_other_profile(model: Model, profile: DeploymentProfile) -> None:
    """Refuse a champion that was trained for another deployment profile.

    Raises:
        ModelError: it was.
    """
    if model.deployment_profile != profile.value:
        raise ModelError(
            f"The champion {model.reference} was trained for the deployment profile "
            f"{model.deployment_profile}, and this installation is {profile.value}. "
            "Train and promote a model for it."
        )


def _scored(artefact: Artefact, file: FounderFile) -> dict[str, Any]:
    values = {
        name: np.array([np.nan if value is None else value], dtype=np.float64)
        for name, value in file.values.items()
    }
    return assess(artefact, values).document(0)


def _unscored() -> dict[str, Any]:
    return {"score": None, "reasons": {"against": [], "for": []}, "points": []}


def _observed(artefact: Artefact, file: FounderFile) -> dict[str, float | None]:
    """What was seen where it is not what was scored: ratios before they were shrunk."""
    return {
        name: file.observed[name]
        for name in artefact.feature_names
        if name in file.observed and file.observed[name] != file.values[name]
    }


def _content(content: Content) -> dict[str, Any]:
    return {
        "records": content.records,
        "first_day": content.first_day.isoformat() if content.first_day else None,
        "last_day": content.last_day.isoformat() if content.last_day else None,
    }


def _differences(stored: dict[str, Any], computed: dict[str, Any]) -> list[str]:
    return sorted(
        name for name in stored.keys() | computed.keys() if stored.get(name) != computed.get(name)
    )
