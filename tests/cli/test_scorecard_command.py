"""`foothold scorecard`: a file whole or not at all, and errors that say what to do."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from foothold.cli import app
from scoring.governance.registry import promote_model, store_model
from scoring.parties.lender_policies import Policy
from scoring.published.sql import Dialect
from scoring.score.document import Scored, ScoreDocument
from scoring.store.database import Database
from tests.applicants import applicants, decide, documents_of
from tests.builders import a_lender, an_expert_model
from tests.published.fitted import a_fitted_model


@pytest.fixture
def store(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("FOOTHOLD_DATA_DIR", str(sqlite.settings.data_dir))
    an_expert_model(sqlite)
    return sqlite


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, ["scorecard", *words])


def test_a_table_is_printed_where_no_format_is_named(store: Database) -> None:
    done = _run("champion")
    assert done.exit_code == 0, done.output
    assert "expert_prior" in done.stdout
    assert "up to" in done.stdout
    assert "opinion" in done.stdout


def test_any_model_is_published_and_not_the_champion_alone(store: Database) -> None:
    fitted = a_fitted_model()
    with store.writing() as ledger:
        reference = store_model(
            ledger, fitted.artefact, kind="fitted", figures={}, lineage={}, trained_by="a"
        ).reference
    found = json.loads(_run(reference, "--json").stdout)
    assert found["model"] == reference
    assert found["base"] == fitted.artefact.points.base
    rates = [each["bad_rate"] for feature in found["features"] for each in feature["bins"]]
    assert any(rate is not None for rate in rates)
    assert json.loads(_run("champion", "--json").stdout)["model"] != reference
    with store.writing() as ledger:
        promote_model(ledger, reference, by="b", reason="test")
    assert json.loads(_run("champion", "--json").stdout)["model"] == reference


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("html", b"<!doctype html>"),
        ("csv", b"feature,"),
        ("sql", b"-- Scorecard M-"),
        ("pmml", b"<?xml"),
        ("xlsx", b"PK"),
        ("png", b"\x89PNG"),
    ],
)
def test_every_format_is_written_to_a_file(
    store: Database, tmp_path: Path, form: str, begins: bytes
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for _ in range(2):  # a second time it is replaced
        done = _run("champion", "--format", form, "--output", str(out / f"card.{form}"))
        assert done.exit_code == 0, done.output
    assert [each.name for each in out.iterdir()] == [f"card.{form}"]
    assert (out / f"card.{form}").read_bytes().startswith(begins)


def test_text_goes_to_stdout_and_nothing_else_does(store: Database) -> None:
    lines = list(csv.reader(io.StringIO(_run("champion", "--format", "csv").stdout)))
    assert {len(line) for line in lines} == {8}
    told = {d: _run("champion", "--format", "sql", "--dialect", d.value).stdout for d in Dialect}
    assert "`" in told[Dialect.SPARK]
    assert "DOUBLE PRECISION" in told[Dialect.POSTGRES]


def test_a_lender_with_positive_only_gets_the_card_that_scores_its_founders(
    store: Database,
) -> None:
    a_lender(store)
    plain = _run("champion", "--lender", "L-DEMO", "--format", "sql").stdout
    assert plain == _run("champion", "--format", "sql").stdout
    decide(store, Policy(positive_only=True))
    documents = [
        d for d in documents_of(store, applicants(store, 24)) if isinstance(d.result, Scored)
    ]
    assert all(document.model.positive_only for document in documents)
    statement = _run("champion", "--lender", "L-DEMO", "--format", "sql").stdout
    found = _scores(statement, documents)
    assert len(found) >= 6
    assert found == {document.founder: document.result.score for document in documents}
    assert found != _scores(plain, documents)


def _scores(statement: str, documents: list[ScoreDocument]) -> dict[str, int]:
    values = pd.DataFrame([dict(document.features) for document in documents], dtype=float)
    with closing(sqlite3.connect(":memory:")) as connection:
        values.assign(founder=[document.founder for document in documents]).to_sql(
            "features", connection, index=False
        )
        return {row[0]: row[1] for row in connection.execute(statement)}


def test_every_form_says_that_a_card_is_of_positive_only(store: Database) -> None:
    fitted = a_fitted_model()
    with store.writing() as ledger:
        reference = store_model(
            ledger, fitted.artefact, kind="fitted", figures={}, lineage={}, trained_by="a"
        ).reference
    a_lender(store)
    decide(store, Policy(positive_only=True))
    for words in ((), ("--format", "html"), ("--format", "sql"), ("--format", "pmml")):
        told = _run(reference, "--lender", "L-DEMO", *words).stdout
        assert f"{reference}, positive only" in told
        assert "The card of lenders with positive only" in told
        assert "The plain card" in _run(reference, *words).stdout
    table = json.loads(_run(reference, "--lender", "L-DEMO", "--json").stdout)
    assert table["variant"] == "positive_only"
    assert any("table of the plain card alone" in note for note in table["notes"])
    bins = [each for feature in table["features"] for each in feature["bins"]]
    assert all(each["bad_rate"] is each["weight_of_evidence"] is None for each in bins)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["champion", "--format", "png"], "--output FILE"),
        (["champion", "--format", "xlsx"], "--output FILE"),
        (["champion", "--dialect", "spark"], "--format sql"),
        (["champion", "--output", "card"], "--format"),
        (["champion", "--json", "--format", "csv"], "--json"),
        (["M-NONE"], "foothold models"),
        (["champion", "--lender", "L-NONE"], "no lender"),
        (
            ["champion", "--format", "csv", "--output", "/nowhere/card.csv"],
            "a folder that is there",
        ),
    ],
)
def test_what_can_not_be_is_told(store: Database, words: list[str], told: str) -> None:
    done = _run(*words)
    assert done.exit_code != 0
    assert told in str(done.exception)


def test_nothing_is_left_where_a_file_can_not_be_written(store: Database, tmp_path: Path) -> None:
    in_the_way = tmp_path / "out" / "card.xlsx"
    (in_the_way / "kept").mkdir(parents=True)
    done = _run("champion", "--format", "xlsx", "--output", str(in_the_way))
    assert "can't be written" in str(done.exception)
    assert [each.name for each in in_the_way.parent.iterdir()] == ["card.xlsx"]
    assert (in_the_way / "kept").is_dir()
