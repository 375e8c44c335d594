"""Applicants at or just above a lender's cut-off, as the background of its reasons.

One of the two ways in which US Reg B's commentary ranks reasons (12 CFR 1002.9, 9(b)(2)-5): against
applicants whose scores were at or slightly above the least that passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.errors import ConflictError
from scoring.governance.registry import load_artefact
from scoring.governance.served import Served
from scoring.models.backgrounds import Background, BackgroundKind
from scoring.parties.consents import Purpose, founders_with_consent
from scoring.parties.lender_policies import CutOff, policy_in_force
from scoring.parties.persons import require_name
from scoring.score.assessment import Values, assess, columns_of
from scoring.score.document import ScoreDocument
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import CutOffBackground, Founder, Lender, Model, Score

LEAST_FOUNDERS = 20
"""With fewer, a mean is of nobody in particular, or of somebody."""


@dataclass(frozen=True)
class Applicants:
    """Founders with what a model saw of each, and where that stands.

    Attributes:
        files: values of the model's features by founder's reference, as they were scored.
        source: `scores`, or `portfolio:` with the run's reference.
    """

    files: Mapping[str, Values]
    source: str


def applicants_scored(session: Session, lender: Lender, model: Model) -> Applicants:
    """Those whose applications this lender had scored by this model, by the latest score of each.

    A founder whose latest score was none, for too thin a file, is not among them.
    """
    latest: dict[str, Values | None] = {}
    given = (
        select(Founder.reference, Score.score, Score.document)
        .join(Founder, Founder.id == Score.founder_id)
        .where(
            Score.lender_id == lender.id,
            Score.model_id == model.id,
            Score.purpose == Purpose.LOAN_APPLICATION.value,
        )
        .order_by(Score.issued_at, Score.id)
    )
    for founder, score, document in session.execute(given).yield_per(500):
        latest[founder] = None if score is None else ScoreDocument.from_canonical(document).features
    return Applicants({name: file for name, file in latest.items() if file is not None}, "scores")


def store_cut_off_background(
    ledger: Ledger,
    lender: Lender,
    model: Model,
    *,
    by: str,
    applicants: Applicants | None = None,
) -> CutOffBackground:
    """Take the means over a lender's applicants at its cut-off, and keep them from now on.

    Files are looked up on the model's card under the lender's policy in force: a lender that goes
    over to positive only needs no new applicants. Only those whose consent stands take part.

    Args:
        ledger: the open transaction.
        lender: whose cut-off.
        model: whose card.
        by: who does this.
        applicants: to choose from; those scored for this lender when None.

    Raises:
        InputError: the name is missing or doesn't fit.
        ConflictError: the lender has no cut-off, or too few applicants are near it.
    """
    require_name(by)
    policy = policy_in_force(ledger.session, lender.id, at=ledger.now)
    if policy.cut_off is None:
        raise ConflictError(
            f"{lender.reference} has no cut-off. Set one with `foothold lender policy "
            f"{lender.reference} --cut-off N --margin N --by NAME --reason TEXT`."
        )
    applicants = applicants or applicants_scored(ledger.session, lender, model)
    consenting = founders_with_consent(
        ledger.session, lender=lender, purpose=Purpose.LOAN_APPLICATION, at=ledger.now
    )
    files = [
        applicants.files[founder.reference]
        for founder in consenting
        if founder.reference in applicants.files
    ]
    served = Served.of(
        load_artefact(model), model.artefact_digest, positive_only=policy.positive_only
    )
    background = _background(served, files, policy.cut_off, lender, applicants.source, ledger)
    row = CutOffBackground(
        reference=background.reference,
        lender_id=lender.id,
        model_id=model.id,
        positive_only=policy.positive_only,
        cut_off=policy.cut_off.score,
        margin=policy.cut_off.margin,
        founders=background.founders,
        content=background.to_json(),
        computed_by=by,
        computed_at=ledger.now,
    )
    ledger.session.add(row)
    ledger.session.flush()
    append_event(
        ledger,
        actor=by,
        action="background.computed",
        details={
            "background": row.reference,
            "digest": background.digest,
            "lender": lender.reference,
            "model": model.reference,
            "founders": row.founders,
        },
    )
    return row


def _background(
    served: Served,
    files: list[Values],
    cut_off: CutOff,
    lender: Lender,
    source: str,
    ledger: Ledger,
) -> Background:
    artefact = served.artefact
    assessment = assess(served, columns_of(files, artefact.feature_names))
    near = (assessment.score >= cut_off.score) & (
        assessment.score <= cut_off.score + cut_off.margin
    )
    found = int(near.sum())
    if found < LEAST_FOUNDERS:
        lowest, highest = artefact.score_range
        raise ConflictError(
            f"Of {len(files)} applicants of {lender.reference} scored by this model, {found} have "
            f"{cut_off.score} to {cut_off.score + cut_off.margin} points (the model gives "
            f"{lowest} to {highest}); a background needs {LEAST_FOUNDERS}. Widen the margin with "
            f"`foothold lender policy`, wait for more applications, or take a file written by "
            "`foothold score-portfolio --purpose loan_application` with --portfolio FILE. Until "
            f"then reasons compare with {served.points_against.kind.words}."
        )
    return Background.over(
        artefact.feature_names,
        assessment.points[near],
        kind=BackgroundKind.CUT_OFF,
        model=served.points_against.model,
        positive_only=served.positive_only,
        chosen={
            "lender": lender.reference,
            "cut_off": cut_off.score,
            "margin": cut_off.margin,
            "source": source,
            "until": ledger.now.isoformat(),
        },
    )
