"""The whole sample portfolio with a model fitted to it, scored as the API scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from scoring.base.settings import Settings
from scoring.governance.registry import champion, load_artefact, promote_model, store_model
from scoring.models.adjustments.calibration import Calibration
from scoring.models.artefact import Artefact
from scoring.parties.consents import Purpose
from scoring.portfolio.engines import Engine
from scoring.portfolio.to_file import score_portfolio_to_file
from scoring.published.table import ScorecardTable, scorecard_table
from scoring.store.database import Database, last_recorded
from tests.conftest import Clock
from tests.sample_store import LENDER, fill_with_sample_files
from training.candidate import bin_outcomes, fit_on_all
from training.data.dataset import TrainingSet, build_training_set

CONSENTS = {Purpose.MODEL_TRAINING: None, Purpose.PORTFOLIO_REVIEW: LENDER}
CALIBRATION = Calibration(slope=0.83, intercept=-0.1)
FEW, EVERYBODY = 50, 600


@dataclass(frozen=True)
class Sample:
    """The store, what its champion was fitted on, and everybody's score by it."""

    database: Database
    founders: int
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


@pytest.fixture(scope="session", params=[FEW, pytest.param(EVERYBODY, marks=pytest.mark.slow)])
def sample(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sample]:
    """As many founders as say where a scorecard's exports go wrong, and all of the portfolio."""
    founders: int = request.param
    folder = tmp_path_factory.mktemp("published")
    database = Database(
        Settings(data_dir=folder / "var"), Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC))
    )
    database.migrate()
    fill_with_sample_files(database, founders=founders, consents=CONSENTS)
    with database.reading() as session:
        data = build_training_set(
            session,
            known_at=last_recorded(session) or database.clock(),
            zone=database.settings.zone,
            profile=database.settings.deployment_profile,
        )
    fit = fit_on_all(data)
    fit = replace(fit, scorecard=CALIBRATION.applied_to(fit.scorecard))  # as cards are served
    artefact = Artefact.of(
        fit.scorecard,
        currency=data.currency,
        deployment_profile=data.profile,
        shrinkage_constants=data.constants,
        bin_outcomes=bin_outcomes(data, fit),
        calibration=CALIBRATION,
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
        lender_reference=LENDER,
        purpose=Purpose.PORTFOLIO_REVIEW,
        engine=Engine.DUCKDB,
        actor="test",
    )
    with database.reading() as session:
        model = champion(session)
    rows = pq.read_table(out).to_pylist()
    yield Sample(database, founders, model.reference, load_artefact(model), data, rows)
    database.engine.dispose()
