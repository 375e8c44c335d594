"""A portfolio under a lender's policy, and a portfolio's file as the source of its applicants."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from scoring.base.errors import ConflictError, FileError
from scoring.governance.registry import champion
from scoring.governance.served import served_to
from scoring.parties.consents import Purpose
from scoring.parties.lender_policies import CutOff, Policy
from scoring.portfolio.engines import Engine
from scoring.portfolio.model_step import ModelStep
from scoring.portfolio.to_file import PortfolioRun, score_portfolio_to_file
from scoring.store.database import Database
from tests.applicants import applicants, compute, decide, documents_of
from tests.builders import a_lender, an_expert_model

COUNT = 30


@pytest.fixture
def store(database: Database) -> Database:
    a_lender(database)
    an_expert_model(database)
    return database


def _portfolio(database: Database, out: Path, purpose: Purpose) -> PortfolioRun:
    return score_portfolio_to_file(
        database,
        out,
        lender_reference="L-DEMO",
        purpose=purpose,
        engine=Engine.DUCKDB,
        actor="operator",
    )


def test_a_portfolio_is_scored_under_the_policy_as_one_by_one(
    store: Database, tmp_path: Path
) -> None:
    references = applicants(store, COUNT)
    documents_of(store, references)
    decide(store, Policy(CutOff(0, 1000), positive_only=True))
    row = compute(store)
    run = _portfolio(store, tmp_path / "scores.parquet", Purpose.LOAN_APPLICATION)
    told = pq.read_schema(run.file).metadata
    assert told[b"foothold.positive_only"] == b"true"
    assert told[b"foothold.background_of_reasons"].decode() == row.reference
    found = {entry["founder"]: entry for entry in pq.read_table(run.file).to_pylist()}
    for document in documents_of(store, references[::7]):
        entry = found[document.founder]
        for name in ("score", "band", "log_odds", "pd", "pd_low", "pd_high"):
            assert entry[name] == getattr(document.result, name)
        for side, reasons in document.result.reasons.by_side.items():
            assert entry[f"reasons_{side}"] == [reason.model_dump() for reason in reasons]
        points = [(group["code"], group["points"]) for group in entry["points"]]
        assert points == [(group.code, group.points) for group in document.result.points]


def test_a_models_step_takes_its_policy_along_to_another_process(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    documents_of(sqlite, applicants(sqlite, COUNT))
    decide(sqlite, Policy(CutOff(0, 1000), positive_only=True))
    row = compute(sqlite)
    with sqlite.reading() as session:
        model = champion(session)
        served = served_to(session, row.lender_id, model, at=sqlite.clock())
    step = ModelStep(
        model.artefact,
        model.artefact_digest,
        sqlite.today,
        positive_only=served.positive_only,
        background=served.reasons_against,
    )
    assert step.served.artefact.points == served.artefact.points
    again = pickle.loads(pickle.dumps(step))
    assert again.served.artefact.points == served.artefact.points
    assert again.served.reasons_against.reference == row.reference


def test_applicants_can_come_from_a_portfolios_file(sqlite: Database, tmp_path: Path) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    references = applicants(sqlite, COUNT)
    run = _portfolio(sqlite, tmp_path / "scores.parquet", Purpose.LOAN_APPLICATION)
    decide(sqlite, Policy(CutOff(0, 1000)))
    with pytest.raises(ConflictError, match="Of 0 applicants"):
        compute(sqlite)
    from_file = json.loads(compute(sqlite, run.file).content)
    documents_of(sqlite, references)
    from_scores = json.loads(compute(sqlite).content)
    assert from_file["chosen"].pop("source") == f"portfolio:{run.reference}"
    for content in (from_file, from_scores):
        content["chosen"].pop("until")
        content["chosen"].pop("source", None)
    assert from_file == from_scores


def test_a_file_of_another_purpose_or_an_altered_one_is_refused(
    sqlite: Database, tmp_path: Path
) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    applicants(sqlite, 2, purpose=Purpose.PORTFOLIO_REVIEW)
    decide(sqlite, Policy(CutOff(0, 1000)))
    run = _portfolio(sqlite, tmp_path / "scores.parquet", Purpose.PORTFOLIO_REVIEW)
    with pytest.raises(ConflictError, match="portfolio_review, not loan_application"):
        compute(sqlite, run.file)
    pq.write_table(pq.read_table(run.file).slice(1), run.file)
    with pytest.raises(FileError, match="no run of this store wrote it"):
        compute(sqlite, run.file)
    with pytest.raises(FileError, match="no such file"):
        compute(sqlite, tmp_path / "nothing.parquet")
