"""Scoring a founder: the one path that the API, the command line, bulk runs and replay all take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scoring.base.calendar import end_of, today
from scoring.base.canonical import digest
from scoring.base.errors import InputError, ModelError
from scoring.base.settings import DeploymentProfile, Settings
from scoring.base.version import code_version
from scoring.features.catalogue import Kind
from scoring.features.engines.loan_states import loan_states_of
from scoring.features.engines.one_founder import FounderFile, one_founder
from scoring.governance.registry import champion
from scoring.governance.served import Served, served_to
from scoring.models.artefact import Artefact
from scoring.models.backgrounds import BackgroundKind
from scoring.parties.consents import Purpose, require_consent
from scoring.parties.references import random_reference
from scoring.score.arrears import Borrower
from scoring.score.arrears_told import arrears_told, tell_of_arrears
from scoring.score.assessment import assess, columns_of
from scoring.score.document import Insufficient, LoansRead, ModelUsed, Scored, ScoreDocument
from scoring.score.evidence import weigh
from scoring.score.scorable import View, application_scored, refuse_other_currencies
from scoring.score.signals import find_signals
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder, Lender, Model, Score

EARLIEST_DAY = date(1990, 1, 1)


@dataclass(frozen=True)
class Subject:
    """What is asked: whose score, for whom, for what, and as of when."""

    founder: Founder
    lender: Lender
    purpose: Purpose
    as_of: date
    application: str | None
    time_zone: str
    reads_loans_elsewhere: bool = True

    @property
    def loans_of(self) -> str:
        """Whose loans may be read; empty for every lender's."""
        return "" if self.reads_loans_elsewhere else self.lender.reference


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
    subject = Subject(
        founder,
        lender,
        purpose,
        as_of,
        application,
        settings.time_zone,
        consent.reads_loans_elsewhere,
    )
    model = champion(ledger.session)
    refuse_other_profile(model, settings.deployment_profile)
    document, borrower = _document_of(ledger.session, subject, model, known_at=ledger.now)
    if as_of == current:
        # Nobody else's arrears are shown before their borrower was told: that begins now.
        others = [loan for loan in borrower.loans if loan.lender != lender.reference]
        tell_of_arrears(ledger, founder.id, others, zone=settings.zone, actor=actor)
    text = document.to_canonical()
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
        score=document.result.score,
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


def score_document(
    session: Session,
    subject: Subject,
    model: Model,
    *,
    known_at: datetime,
) -> ScoreDocument:
    """What a model says of the subject's file, as it was known at an instant.

    The lender's policy and background are those that were in force at `known_at`.
    """
    return _document_of(session, subject, model, known_at=known_at)[0]


def _document_of(
    session: Session, subject: Subject, model: Model, *, known_at: datetime
) -> tuple[ScoreDocument, Borrower]:
    """The document, and the loans that it was made of."""
    served = served_to(session, subject.lender.id, model, at=known_at)
    artefact = served.artefact
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
        loans_of=subject.loans_of,
        kinds=artefact.kinds,
        constants=artefact.shrinkage_constants,
    )
    evidence = weigh(
        artefact,
        file.resolved,
        {kind: [content] for kind, content in file.contents.items()},
        as_of=subject.as_of,
    )
    borrower = _borrower(session, subject, artefact, known_at)
    in_default = borrower.default()
    document = ScoreDocument(
        founder=subject.founder.reference,
        lender=subject.lender.reference,
        purpose=subject.purpose,
        application=application,
        as_of=subject.as_of,
        time_zone=subject.time_zone,
        currency=artefact.currency,
        model=ModelUsed(
            id=model.reference,
            digest=model.artefact_digest,
            deployment_profile=DeploymentProfile(model.deployment_profile),
            background=BackgroundKind(artefact.scorecard.background_),
            positive_only=served.positive_only,
        ),
        completeness=file.contents,
        features={name: file.values.get(name) for name in artefact.feature_names},
        observed=_observed(artefact, file),
        evidence=evidence.widths(0),
        missing=() if in_default else evidence.missing(0),
        signals=find_signals(
            session,
            founder_id,
            view,
            lender=subject.lender.reference,
            application=application,
            currency=artefact.currency,
        ),
        current_arrears=borrower.current_arrears(),
        result=in_default or (Insufficient() if evidence.is_thin(0) else _scored(served, file)),
    )
    return document, borrower


def _borrower(
    session: Session, subject: Subject, artefact: Artefact, known_at: datetime
) -> Borrower:
    """The loans that the model and the founder let this lender read."""
    if Kind.REPAYMENT not in artefact.kinds:
        return Borrower((), subject.lender.reference, LoansRead.NONE)
    states = loan_states_of(
        session,
        subject.founder.id,
        as_of=subject.as_of,
        known_at=known_at,
        zone=ZoneInfo(subject.time_zone),
        loans_of=subject.loans_of,
    )
    read = LoansRead.ALL if subject.reads_loans_elsewhere else LoansRead.OWN
    told = arrears_told(
        session, as_of=subject.as_of, known_at=known_at, founder_id=subject.founder.id
    )
    return Borrower(states, subject.lender.reference, read, told)


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


def _scored(served: Served, file: FounderFile) -> Scored:
    return assess(served, columns_of([file.values], file.values)).result(0)


def _observed(artefact: Artefact, file: FounderFile) -> dict[str, float | None]:
    """What was seen where it is not what was scored: ratios before they were shrunk."""
    return {
        name: file.observed[name]
        for name in artefact.feature_names
        if name in file.observed and file.observed[name] != file.values[name]
    }
