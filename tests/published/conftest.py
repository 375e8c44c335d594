"""The whole sample portfolio with a model fitted to it, scored as the API scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from scoring.models.artefact import Artefact
from scoring.models.registry import champion, load_artefact, promote_model, store_model
from scoring.portfolio.engines import Engine
from scoring.portfolio.to_file import score_portfolio_to_file
from scoring.published.table import ScorecardTable, scorecard_table
from scoring.records.consents import Purpose, grant_consent
from scoring.records.database import Database, last_recorded
from scoring.records.intake.importing import import_file
from scoring.records.intake.learning import Learned
from scoring.records.parties import add_founders, add_lender
from scoring.settings import Settings
from tests.conftest import Clock
from training.candidate import bin_outcomes, fit_on_all
from training.dataset import TrainingSet, build_training_set
from training.simulate import write_sample_portfolio

PURPOSES = {Purpose.MODEL_TRAINING: False, Purpose.PORTFOLIO_REVIEW: True}


@dataclass(frozen=True)
class Sample:
    """The store, what its champion was fitted on, and everybody's score by it."""

    database: Database
    reference: str
    artefact: Artefact
    data: TrainingSet
    rows: list[dict[str, Any]]

    @property
    def table(self) -> ScorecardTable:
        return scorecard_table(self.artefact, model=self.reference, kind="fitted")

    @property
    def values(self) -> pd.DataFrame:
        """Finished values as a lender would keep them: a row per founder, null where missing."""
        features = pd.DataFrame([row["features"] for row in self.rows], dtype=float)
        return features.assign(founder=[row["founder"] for row in self.rows])


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    folder = tmp_path_factory.mktemp("published")
    database = Database(
        Settings(data_dir=folder / "var"), Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC))
    )
    database.migrate()
    _fill(database, folder / "sample")
    with database.reading() as session:
        data = build_training_set(
            session,
            known_at=last_recorded(session) or database.clock(),
            zone=database.settings.zone,
            profile=database.settings.deployment_profile,
        )
    fit = fit_on_all(data)
    artefact = Artefact.of(
        fit.scorecard,
        currency=data.currency,
        deployment_profile=data.profile,
        shrinkage_constants=data.constants,
        bin_outcomes=bin_outcomes(data, fit),
    )
    with database.writing() as ledger:
        stored = store_model(
            ledger, artefact, kind="fitted", figures={}, lineage={}, trained_by="an analyst"
        )
        promote_model(ledger, stored.reference, by="a reviewer", reason="test")
    out = folder / "scores.parquet"
    score_portfolio_to_file(
        database,
        out,
        lender_reference="L-DEMO",
        purpose=Purpose.PORTFOLIO_REVIEW,
        engine=Engine.DUCKDB,
        actor="test",
    )
    with database.reading() as session:
        model = champion(session)
    yield Sample(
        database, model.reference, load_artefact(model), data, pq.read_table(out).to_pylist()
    )
    database.engine.dispose()


def _fill(database: Database, folder: Any) -> None:
    files = write_sample_portfolio(folder, until=date(2026, 6, 14))
    with database.writing() as ledger:
        lender = add_lender(ledger, "L-DEMO", name="Sample lender", actor="test")
        for founder in add_founders(ledger, pd.read_csv(files.founders)["founder"], actor="test"):
            for purpose, to_lender in PURPOSES.items():
                grant_consent(
                    ledger,
                    founder,
                    lender=lender if to_lender else None,
                    purpose=purpose,
                    actor="test",
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
        import_file(database, path, learned=Learned(1), author="test")
