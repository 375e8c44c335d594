"""Models with their lineage, who promoted which, and the champion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.canonical import canonical_json, digest
from scoring.base.errors import FourEyesError, NoChampionError, NotFoundError
from scoring.models.artefact import Artefact
from scoring.parties.persons import require_name_and_reason, same_person
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import AuditEvent, Model, Promotion


@dataclass(frozen=True)
class ModelEntry:
    """A line of the list of models."""

    reference: str
    kind: str
    currency: str
    deployment_profile: str
    trained_by: str
    trained_at: str
    is_champion: bool
    figures: dict[str, Any]


def store_model(
    ledger: Ledger,
    artefact: Artefact,
    *,
    kind: str,
    figures: Mapping[str, Any],
    lineage: Mapping[str, Any],
    trained_by: str,
) -> Model:
    """Keep a candidate; the reference is made of the digest, so equal models are one.

    Args:
        ledger: the open transaction.
        artefact: the fitted model.
        kind: `expert_prior` or `fitted`.
        figures: validation figures, plain data.
        lineage: what it was trained on and with, plain data.
        trained_by: who trained it; may not promote it.
    """
    text = artefact.to_json()
    found = digest(text)
    reference = f"M-{found[:12]}"
    known = ledger.session.scalars(select(Model).where(Model.reference == reference)).first()
    if known is not None:
        if not any(same_person(trained_by, name) for name in _trainers(ledger.session, known)):
            append_event(
                ledger, actor=trained_by, action="model.trained", details={"model": reference}
            )
        return known
    model = Model(
        reference=reference,
        kind=kind,
        artefact=text,
        artefact_digest=found,
        deployment_profile=artefact.deployment_profile.value,
        currency=artefact.currency,
        figures=canonical_json(dict(figures)),
        lineage=canonical_json(dict(lineage)),
        trained_by=trained_by,
        trained_at=ledger.now,
    )
    ledger.session.add(model)
    ledger.session.flush()
    append_event(ledger, actor=trained_by, action="model.trained", details={"model": reference})
    return model


def find_model(session: Session, reference: str) -> Model:
    """The model under a reference.

    Raises:
        NotFoundError: there is none.
    """
    model = session.scalars(select(Model).where(Model.reference == reference)).first()
    if model is None:
        raise NotFoundError(f'There is no model "{reference}". `foothold models` lists them.')
    return model


def find_model_or_champion(session: Session, reference: str) -> Model:
    """The model under a reference, or the champion where it is asked for by that word.

    Raises:
        NotFoundError: there is no such model.
        NoChampionError: the champion is asked for, and no model was promoted.
    """
    return champion(session) if reference == "champion" else find_model(session, reference)


def promote_model(ledger: Ledger, reference: str, *, by: str, reason: str) -> Model:
    """Make a model champion; a second person does that.

    Raises:
        InputError: name or reason are missing or don't fit.
        NotFoundError: there is no such model.
        FourEyesError: neither who trained it nor who had a hand in it may promote it.
    """
    require_name_and_reason(by, reason)
    model = find_model(ledger.session, reference)
    for trainer in _trainers(ledger.session, model):
        if same_person(trainer, by):
            raise FourEyesError(
                f"{reference} was trained by {trainer}, who may not promote it. "
                "A second person must run `foothold promote` with their own name."
            )
    hand = load_artefact(model).hand
    for entry in () if hand is None else hand.entries.values():
        if same_person(entry["author"], by):
            raise FourEyesError(
                f"{reference} has the hand of {entry['author']} in it, who may not promote it. "
                "A second person must run `foothold promote` with their own name."
            )
    ledger.session.add(
        Promotion(model_id=model.id, promoted_by=by, reason=reason, promoted_at=ledger.now)
    )
    ledger.session.flush()
    append_event(
        ledger, actor=by, action="model.promoted", details={"model": reference, "reason": reason}
    )
    return model


def champion(session: Session) -> Model:
    """The model that was promoted last.

    Raises:
        NoChampionError: none was.
    """
    model = session.scalars(
        select(Model)
        .join(Promotion, Promotion.model_id == Model.id)
        .order_by(Promotion.id.desc())
        .limit(1)
    ).first()
    if model is None:
        raise NoChampionError(
            "No model has been promoted. Run `foothold train`, then `foothold promote` by another "
            "person."
        )
    return model


def load_artefact(model: Model) -> Artefact:
    """The model ready to score; its digest is checked when it is read first."""
    return _read(model.artefact, model.artefact_digest)


def list_models(session: Session) -> list[ModelEntry]:
    """All models, newest first."""
    try:
        leading = champion(session).reference
    except NoChampionError:
        leading = None
    return [
        ModelEntry(
            reference=model.reference,
            kind=model.kind,
            currency=model.currency,
            deployment_profile=model.deployment_profile,
            trained_by=model.trained_by,
            trained_at=model.trained_at.isoformat(),
            is_champion=model.reference == leading,
            figures=json.loads(model.figures),
        )
        for model in session.scalars(select(Model).order_by(Model.id.desc()))
    ]


@lru_cache(maxsize=8)
def _read(text: str, expected: str) -> Artefact:
    return Artefact.from_json(text, expected_digest=expected)


def _trainers(session: Session, model: Model) -> list[str]:
    """Everybody who trained this very model: equal records and settings give equal models."""
    events = session.scalars(select(AuditEvent).where(AuditEvent.action == "model.trained"))
    return [e.actor for e in events if json.loads(e.details)["model"] == model.reference]
