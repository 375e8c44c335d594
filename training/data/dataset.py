"""The training set: features as they could be known before each loan, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from babel.numbers import list_currencies
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from scoring.base.calendar import today
from scoring.base.canonical import digest
from scoring.base.errors import InputError, ModelError, SeveralCurrenciesError
from scoring.base.money import one_currency
from scoring.base.settings import DeploymentProfile
from scoring.features import features_for
from scoring.features.engines.finishing import finished, pooled_constants
from scoring.features.engines.lake import Lake
from scoring.models.priors import read_priors, typical_constants
from scoring.parties.consents import Purpose, founders_with_consent
from scoring.store.database import Database, last_recorded
from scoring.store.snapshots import Snapshot, verify_snapshot
from scoring.store.tables import Application, CashFlowLine, Founder, Loan, OrderLine, Record
from training.data.labels import Outcome, OutcomeDefinition, labels_known

DEFAULT_CURRENCY = "KRW"
_MONEY: dict[str, type[Record]] = {
    "loans": Loan,
    "applications": Application,
    "order lines": OrderLine,
    "cash flow": CashFlowLine,
}


@dataclass(frozen=True)
class TrainingSet:
    """Everything that a model is fitted on, in a fixed order (by day, then founder).

    Attributes:
        X: shape (labels, features), NaN where missing.
        y: shape (labels,), 1 for bad.
        rows: whose and which: `founder_id`, `founder`, `kind`, `reference`, `lender`, `origin`,
            `as_of`.
        population: features of all founders who allow training, as of today; no rows where
            outcomes make it needless.
        currency: of all amounts.
        counts: loans by outcome, those without a label included.
        founders: how many allow training.
        known_at: only what was recorded by then is in it.
        definition: when a loan is bad.
        profile: which features it may have.
        constants: to what ratios are shrunk in `X` and `population`, estimated on the rows that
            the model is fitted on.
        blocks_off: blocks (kinds of records) left out beside those of the profile.
        snapshot_digest: of the snapshot that the records were taken from, if from one.
    """

    X: pd.DataFrame
    y: NDArray[np.int64]
    rows: pd.DataFrame
    population: pd.DataFrame
    currency: str
    counts: Mapping[str, int]
    founders: int
    known_at: datetime
    definition: OutcomeDefinition
    profile: DeploymentProfile = field(default=DeploymentProfile.RESEARCH_SANDBOX)
    constants: Mapping[str, float] = field(default_factory=dict)
    blocks_off: tuple[str, ...] = ()
    snapshot_digest: str | None = None

    @property
    def bads(self) -> int:
        """How many went bad."""
        return int(self.y.sum())

    @property
    def external_loans(self) -> int:
        """How many labels are of loans from elsewhere, as the founder reported them."""
        return int((self.rows["origin"] == "external").sum())

    def digest(self) -> str:
        """SHA-256 of the set as CSV: labels and features, or the population without labels."""
        labels = self.rows[["founder", "kind", "reference", "as_of"]].assign(bad=self.y)
        labelled = pd.concat([labels, self.X], axis=1).to_csv(index=False, lineterminator="\n")
        if len(self.y):
            return digest(labelled)
        return digest(labelled + self.population.to_csv(index=False, lineterminator="\n"))


def has_outcomes(y: NDArray[np.int64]) -> bool:
    """Whether outcomes can move the expert's scorecard; bad ones alone can't."""
    return bool((y == 0).any())


def build_training_set(
    session: Session,
    *,
    known_at: datetime,
    zone: ZoneInfo,
    profile: DeploymentProfile,
    currency: str | None = None,
    definition: OutcomeDefinition | None = None,
    now: datetime | None = None,
    blocks_off: Collection[str] = (),
    features_on: Collection[str] = (),
    snapshot: Snapshot | None = None,
) -> TrainingSet:
    """Gather the labels of those who allow training, and the features before each.

    Args:
        session: an open reading transaction.
        known_at: only what was recorded by then counts; `last_recorded`, as a rule.
        zone: the installation's time zone.
        profile: which features may be used.
        currency: of the model; needed only where no record says it.
        definition: when a loan is bad.
        now: consent must stand at this instant as well; it may have ended since `known_at`.
        blocks_off: blocks (kinds of records) to do without, beside those of the profile.
        features_on: features to have although they are off by default.
        snapshot: to take the records from instead of the store; consents are the store's.

    Raises:
        InputError: the currency asked for is none of ISO 4217.
        ModelError: amounts are in more than one currency, or not in the one asked for.
    """
    definition = definition or OutcomeDefinition()
    _require_currency(currency)
    founders = _who_allow_training(session, known_at, now or known_at)
    references = {founder.id: founder.reference for founder in founders}
    lake = Lake(snapshot or session, references)
    money = currency_of_records(lake, known_at=known_at, asked=currency)
    features = features_for(profile, blocks_off, features_on)

    def columns_at(points: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        names = [name for feature in features.values() for name in feature.columns]
        if points.empty:
            return {name: np.empty(0) for name in names}
        columns = lake.columns(points, known_at=known_at, zone=zone)
        return {name: columns[name].to_numpy() for name in names}

    labels = labels_known(lake, known_at=known_at, zone=zone, definition=definition)
    decided = labels["outcome"].isin([Outcome.GOOD, Outcome.BAD])
    rows = labels[decided].reset_index(drop=True)
    rows.insert(1, "founder", rows["founder_id"].map(references).astype(object))
    y = np.where(rows["outcome"] == Outcome.BAD, 1, 0).astype(np.int64)
    people = [] if has_outcomes(y) else list(references)
    everybody = pd.DataFrame({"founder_id": people}, dtype="int64")
    everybody = everybody.assign(as_of=today(known_at, zone))
    labelled, unlabelled = columns_at(rows), columns_at(everybody)
    constants = pooled_constants(
        unlabelled if people else labelled,
        features.values(),
        typical_constants(features, read_priors()),
    )
    return TrainingSet(
        X=pd.DataFrame(finished(labelled, features.values(), constants), index=rows.index),
        y=y,
        rows=rows.drop(columns="outcome"),
        population=pd.DataFrame(
            finished(unlabelled, features.values(), constants), index=everybody.index
        ),
        currency=money,
        counts={each.value: int((labels["outcome"] == each).sum()) for each in Outcome},
        founders=len(references),
        known_at=known_at,
        definition=definition,
        profile=profile,
        constants=constants,
        blocks_off=tuple(sorted(blocks_off)),
        snapshot_digest=None if snapshot is None else snapshot.digest,
    )


def training_set_on_file(
    database: Database,
    *,
    known_at: datetime | None = None,
    currency: str | None = None,
    definition: OutcomeDefinition | None = None,
    snapshot: Path | None = None,
) -> TrainingSet:
    """What a model would be trained on now, by the installation's settings.

    Args:
        database: the store.
        known_at: only what was recorded by then counts; the last event on file when None.
        currency: of the model where no record on file says it.
        definition: when a loan is bad.
        snapshot: folder of a snapshot to take the records from; `known_at` is then its moment,
            unless an earlier one is given.

    Raises:
        NotFoundError: there is no such snapshot.
        IntegrityError: it was changed after it was written.
        InputError: the currency is none of ISO 4217.
        ModelError: amounts are in more than one currency.
    """
    settings = database.settings
    records = None if snapshot is None else verify_snapshot(snapshot)
    with database.reading() as session:
        now = database.clock()
        moment = last_recorded(session) if records is None else records.known_at
        return build_training_set(
            session,
            known_at=known_at or moment or now,
            zone=settings.zone,
            profile=settings.deployment_profile,
            blocks_off=settings.blocks_off,
            features_on=settings.features_on,
            currency=currency,
            definition=definition,
            now=now,
            snapshot=records,
        )


def currency_of_records(
    lake: Lake,
    *,
    known_at: datetime,
    asked: str | None = None,
) -> str:
    """The one currency of all amounts on file, or the one asked for where there are none.

    Raises:
        ModelError: there is more than one, or another than asked for; names them.
    """
    kinds: dict[str, list[str]] = {}
    for kind, table in _MONEY.items():
        for currency in lake.standing(table, known_at=known_at)["currency"].unique():
            kinds.setdefault(str(currency), []).append(kind)
    try:
        on_file = one_currency(kinds)
    except SeveralCurrenciesError as error:
        found = "; ".join(f"{code} ({', '.join(kinds[code])})" for code in error.codes)
        raise ModelError(
            f"A model has one currency, but the records are in {found}. Correct the records that "
            "have the wrong one, or keep each currency in a store of its own."
        ) from error
    if on_file and asked and asked != on_file:
        raise ModelError(
            f"The records are in {on_file}, so the model can't be in {asked}. "
            "Leave --currency out, or import records in that currency."
        )
    return on_file or asked or DEFAULT_CURRENCY


def _require_currency(code: str | None) -> None:
    if code is not None and code not in list_currencies():
        raise InputError(
            f'"{code}" is not a currency code of ISO 4217. Give one such as {DEFAULT_CURRENCY}.'
        )


def _who_allow_training(session: Session, *instants: datetime) -> list[Founder]:
    """Founders whose consent stood at each instant, by reference."""
    found = [
        founders_with_consent(session, lender=None, purpose=Purpose.MODEL_TRAINING, at=instant)
        for instant in instants
    ]
    ids = set.intersection(*({founder.id for founder in each} for each in found))
    return [founder for founder in found[0] if founder.id in ids]
