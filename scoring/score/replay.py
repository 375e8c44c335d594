"""Scores that were given, computed again: equal to the byte, or an error."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from scoring.base.canonical import digest
from scoring.base.errors import IntegrityError, NotFoundError
from scoring.base.version import code_version
from scoring.parties.consents import Purpose
from scoring.score.document import ScoreDocument
from scoring.score.scoring import Subject, score_document
from scoring.store.database import Database
from scoring.store.tables import Consent, Founder, Lender, Model, Score


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
            select(Score, Founder, Lender, Model, Consent)
            .join(Founder, Founder.id == Score.founder_id)
            .join(Lender, Lender.id == Score.lender_id)
            .join(Model, Model.id == Score.model_id)
            .join(Consent, Consent.id == Score.consent_id)
            .where(Score.reference == reference)
        ).first()
        if found is None:
            raise NotFoundError(f'There is no score "{reference}".')
        score, founder, lender, model, consent = found
        if digest(score.document) != score.document_digest:
            raise IntegrityError(f"The document of {reference} does not match its digest.")
        stored = ScoreDocument.from_canonical(score.document)
        subject = Subject(
            founder,
            lender,
            Purpose(score.purpose),
            score.as_of,
            score.application,
            stored.time_zone,
            consent.reads_loans_elsewhere,
        )
        document = score_document(session, subject, model, known_at=score.known_at)
    text = document.to_canonical()
    if text != score.document:
        changed = _differences(json.loads(score.document), json.loads(text))
        raise IntegrityError(
            f"Replaying {reference} gave another document: {', '.join(changed)} differ. "
            f"It was scored by version {score.code_version}, this is {code_version()}."
        )
    return {
        "score": reference,
        "equal": True,
        "digest": score.document_digest,
        "code_version": score.code_version,
        "document": json.loads(text),
    }


def _differences(stored: dict[str, Any], computed: dict[str, Any]) -> list[str]:
    return sorted(
        name for name in stored.keys() | computed.keys() if stored.get(name) != computed.get(name)
    )
