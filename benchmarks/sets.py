"""The sets of loans that scorecards are measured on: those that ship, and those found beside us.

Berka and the invented sample portfolio come through the product's own intake and features. The
other loans are read from `../shared/data/credit` where it exists; they are not ours to ship. Two
sets that come with scikit-learn are no loans: nothing was chosen on them, and no direction is
declared, so that they tell whether the estimator does well on what it was not made for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes

from sample.simulate import write_sample_portfolio
from scoring.base.settings import Settings
from scoring.features import features_for
from scoring.intake.importing import import_file
from scoring.intake.learned_at import Learned
from scoring.models.priors import read_priors, unfitted_scorecard
from scoring.models.scorecard import MonotoneScorecard
from scoring.parties.consents import Purpose, grant_consent
from scoring.parties.founders import add_founders
from scoring.store.database import Database, last_recorded
from training.backtest.cross_validation import berka_training_set
from training.data.dataset import TrainingSet, build_training_set

HERE = Path(__file__).parent
BERKA = HERE.parent / "data" / "berka"
CREDIT = HERE.parents[1] / "shared" / "data" / "credit"
SAMPLE_FOUNDERS = 1500
_SAMPLE_DAY = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class LoanSet:
    """Loans with features and outcomes, and what an expert declares of the features.

    Attributes:
        name: as shown in tables.
        X: shape (loans, features), NaN where missing.
        y: shape (loans,), 1 for bad.
        scorecard: makes an unfitted scorecard with the expert's declarations.
        directions: +1 riskier when higher, -1 safer when higher, 0 unknown, by feature.
    """

    name: str
    X: pd.DataFrame
    y: NDArray[np.int64]
    scorecard: Callable[[], MonotoneScorecard]
    directions: Mapping[str, int]


def sets_present() -> dict[str, Callable[[], LoanSet]]:
    """How to read each set that can be had here, by name."""
    found: dict[str, Callable[[], LoanSet]] = {"berka": _berka, "sample": _sample}
    for name, read in {"german": _german, "heloc": _heloc, "hmeq": _hmeq}.items():
        if (CREDIT / f"{name}.parquet").exists():
            found[name] = read
    return found | {"cancer": _cancer, "diabetes": _diabetes}


HELOC_DIRECTIONS = (
    -1, -1, -1, -1, -1, 1, 1, -1, -1, -1, -1, 0, 1, 1, -1, 1, 1, 1, 1, 0, 0, 1, 1,
)  # fmt: skip
HMEQ_DIRECTIONS = {
    "loan": -1, "mortdue": 0, "value": -1, "yoj": -1, "derog": 1, "delinq": 1, "clage": -1,
    "ninq": 1, "clno": 0, "debtinc": 1,
}  # fmt: skip


def _heloc() -> LoanSet:
    table = pd.read_parquet(CREDIT / "heloc.parquet")
    rows = table.drop(columns="default").astype(float)
    rows = rows.mask(rows < 0)
    return _declared(
        "heloc", rows, table["default"], dict(zip(rows, HELOC_DIRECTIONS, strict=True))
    )


def _hmeq() -> LoanSet:
    table = pd.read_parquet(CREDIT / "hmeq.parquet")
    rows = table[list(HMEQ_DIRECTIONS)].astype(float)
    return _declared("hmeq", rows, table["default"], HMEQ_DIRECTIONS)


_GERMAN_ORDERS = {
    "status_of_existing_checking_account": (
        "... < 0 DM",
        "0 <= ... < 200 DM",
        "... >= 200 DM / salary assignments for at least 1 year",
        "no checking account",
    ),
    "credit_history": (
        "no credits taken/ all credits paid back duly",
        "all credits at this bank paid back duly",
        "existing credits paid back duly till now",
        "delay in paying off in the past",
        "critical account/ other credits existing (not at this bank)",
    ),
    "purpose": (
        "car (new)",
        "car (used)",
        "furniture/equipment",
        "radio/television",
        "domestic appliances",
        "repairs",
        "education",
        "retraining",
        "business",
        "others",
    ),
    "savings_account_and_bonds": (
        "... < 100 DM",
        "100 <= ... < 500 DM",
        "500 <= ... < 1000 DM",
        "... >= 1000 DM",
        "unknown/ no savings account",
    ),
    "present_employment_since": (
        "unemployed",
        "... < 1 year",
        "1 <= ... < 4 years",
        "4 <= ... < 7 years",
        "... >= 7 years",
    ),
    "property": (
        "real estate",
        "building society savings agreement/ life insurance",
        "car or other, not in attribute Savings account/bonds",
        "unknown / no property",
    ),
    "job": (
        "unemployed/ unskilled - non-resident",
        "unskilled - resident",
        "skilled employee / official",
        "management/ self-employed/ highly qualified employee/ officer",
    ),
}
"""Categories in the order of the UCI repository's codes (A11, A12, ...)."""

_GERMAN_DIRECTIONS = {
    "status_of_existing_checking_account": -1,
    "duration_in_month": 1,
    "credit_amount": 1,
    "savings_account_and_bonds": -1,
    "present_employment_since": -1,
    "installment_rate_in_percentage_of_disposable_income": 1,
    "has_guarantor": -1,
    "other_installment_plans": 1,
    "property": 1,
    "owns_home": -1,
}


def _german() -> LoanSet:
    table = pd.read_parquet(CREDIT / "german.parquet")
    rows = pd.DataFrame(
        {name: table[name].map(_codes(order)) for name, order in _GERMAN_ORDERS.items()}
    )
    for name in (
        "duration_in_month",
        "credit_amount",
        "installment_rate_in_percentage_of_disposable_income",
        "present_residence_since",
        "number_of_existing_credits_at_this_bank",
        "number_of_people_being_liable_to_provide_maintenance_for",
    ):
        rows[name] = table[name]
    rows["has_guarantor"] = table["other_debtors_or_guarantors"] == "guarantor"
    rows["other_installment_plans"] = table["other_installment_plans"] != "none"
    rows["owns_home"] = table["housing"] == "own"
    directions = {name: _GERMAN_DIRECTIONS.get(name, 0) for name in rows}
    return _declared("german", rows.astype(float), table["default"], directions)


def _codes(order: tuple[str, ...]) -> dict[str, int]:
    return {word: code for code, word in enumerate(order)}


def _declared(
    name: str, rows: pd.DataFrame, outcomes: pd.Series, directions: Mapping[str, int]
) -> LoanSet:
    y = outcomes.to_numpy(dtype=np.int64)
    return LoanSet(name, rows, y, lambda: MonotoneScorecard(dict(directions)), directions)


def _cancer() -> LoanSet:
    """Breast cancer: malignant is bad, 37 % of 569."""
    X, benign = load_breast_cancer(as_frame=True, return_X_y=True)
    X.columns = X.columns.str.replace(" ", "_")
    return _declared("cancer", X, 1 - benign, dict.fromkeys(X, 0))


def _diabetes() -> LoanSet:
    """Diabetes: progress after a year beyond 200 is bad, 27 % of 442."""
    X, progress = load_diabetes(as_frame=True, return_X_y=True)
    return _declared("diabetes", X, progress > 200, dict.fromkeys(X, 0))


def _berka() -> LoanSet:
    return _catalogued("berka", berka_training_set(BERKA))


def _sample() -> LoanSet:
    """The invented portfolio with more founders than the demonstration's, to draw samples from."""
    with tempfile.TemporaryDirectory(prefix="foothold-benchmark-") as folder:
        settings = Settings(data_dir=Path(folder) / "var", database_url=None)
        database = Database(settings, lambda: _SAMPLE_DAY)
        try:
            _import_sample(database, Path(folder) / "sample")
            with database.reading() as session:
                data = build_training_set(
                    session,
                    known_at=last_recorded(session) or database.clock(),
                    zone=settings.zone,
                    profile=settings.deployment_profile,
                )
        finally:
            database.engine.dispose()
    return _catalogued("sample", data)


def _import_sample(database: Database, folder: Path) -> None:
    day = date(2026, 6, 14)
    files = write_sample_portfolio(folder, until=day, founders=SAMPLE_FOUNDERS)
    database.migrate()
    with database.writing() as ledger:
        references = pd.read_csv(files.founders)["founder"]
        for founder in add_founders(ledger, references, actor="benchmark"):
            grant_consent(
                ledger, founder, lender=None, purpose=Purpose.MODEL_TRAINING, actor="benchmark"
            )
    for path in (
        files.attendance,
        *files.sales.values(),
        files.applications,
        files.loans,
        files.schedule,
        files.repayments,
        files.cash_flow,
    ):
        import_file(database, path, learned=Learned(1), author="benchmark")


def _catalogued(name: str, data: TrainingSet) -> LoanSet:
    """A set of catalogue features, declared by catalogue and `priors.toml`.

    Of features without any value, an expert's word can't be seen; they stay in for the scorecard.
    """
    features = features_for(data.profile)
    priors = read_priors()
    return LoanSet(
        name,
        data.X[list(features)],
        data.y,
        lambda: unfitted_scorecard(features, priors, currency=data.currency),
        {feature: int(declared.direction) for feature, declared in features.items()},
    )
