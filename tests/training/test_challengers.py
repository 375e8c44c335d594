"""Challengers: exact reasons from each, files that are never read once changed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import shap
from typer.testing import CliRunner

from foothold.cli import app
from scoring.base.errors import (
    ConflictError,
    ConsentError,
    InputError,
    IntegrityError,
    ModelError,
    NotFoundError,
)
from scoring.features import all_features
from scoring.parties.consents import Purpose, withdraw_consent
from scoring.parties.founders import find_founder
from scoring.store.audit import append_event, verify_chain
from scoring.store.database import Database
from scoring.store.tables import AuditEvent
from tests.sample_store import a_sample_store
from training.challengers.challenger import Challenger, Learner
from training.challengers.comparison import Compared, train_challengers
from training.challengers.explanation import explain
from training.challengers.kept import keep, list_challengers, load_challenger
from training.measures.figures import Ints

NOW = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
NAMES = (
    "attended_share",
    "monthly_net_sales_180d",
    "refund_share_365d",
    "worst_days_past_due_365d",
    "channels_hhi_365d",
)
INSTALLED = [each for each in Learner if find_spec(each.package) is not None]


def _loans(rows: int) -> tuple[pd.DataFrame, Ints]:
    """Invented loans whose outcome hangs on two features together."""
    rng = np.random.default_rng(5)
    names = [name for name in all_features() if name in NAMES]
    X = pd.DataFrame(rng.normal(size=(rows, len(names))), columns=names)  # noqa: N806
    odds = X[names[0]] * X[names[1]] - 2 * X[names[2]]
    y = (rng.random(rows) < 1 / (1 + np.exp(1 - odds))).astype(np.int64)
    return X.mask(rng.random(X.shape) < 0.15), y


@pytest.fixture(scope="module", params=INSTALLED, ids=lambda learner: learner.value)
def fitted(request: pytest.FixtureRequest) -> tuple[Challenger, pd.DataFrame]:
    X, y = _loans(240)  # noqa: N806
    return Challenger.fit(request.param, X, y, all_features()), X


def test_reasons_add_up_to_what_the_challenger_says(
    fitted: tuple[Challenger, pd.DataFrame],
) -> None:
    challenger, X = fitted  # noqa: N806
    found = challenger.contributions(X)
    assert list(found.columns) == list(X.columns)
    np.testing.assert_allclose(
        challenger.base + found.sum(axis=1), challenger.log_odds(X), atol=1e-6
    )
    np.testing.assert_allclose(found.mean(), 0.0, atol=1e-6)  # the background is all of X


def test_reasons_are_the_exact_shap_values(fitted: tuple[Challenger, pd.DataFrame]) -> None:
    challenger, X = fitted  # noqa: N806
    background = X.iloc[:40]
    narrowed = Challenger(
        challenger.learner, challenger.model, challenger.columns, background[list(X.columns)]
    )

    def foretold(values: np.ndarray) -> np.ndarray:
        return narrowed.log_odds(pd.DataFrame(values, columns=X.columns))

    masker = shap.maskers.Independent(background.to_numpy(), max_samples=len(background))
    exact = shap.explainers.Exact(foretold, masker)(X.iloc[50:53].to_numpy(), silent=True).values
    np.testing.assert_allclose(narrowed.contributions(X.iloc[50:53]), exact, atol=1e-6)


@pytest.mark.parametrize("learner", [Learner.HGB, Learner.LIGHTGBM])
def test_trees_keep_the_catalogues_directions(learner: Learner) -> None:
    X, y = _loans(240)  # noqa: N806
    name = "refund_share_365d"
    assert int(all_features()[name].direction) == 1
    y = np.where(X[name].fillna(0) < 0, 1, y)  # outcomes that say the opposite
    challenger = Challenger.fit(learner, X, y, all_features())
    typical = X.median().to_frame().T
    swept = typical.loc[typical.index.repeat(50)].assign(**{name: np.linspace(-3, 3, 50)})
    assert (np.diff(challenger.log_odds(swept)) >= 0).all()


@pytest.mark.slow
def test_pairs_tell_what_no_feature_tells_alone() -> None:
    X, y = _loans(2_000)  # noqa: N806
    losses = {}
    for learner in (Learner.EBM, Learner.EBM_PAIRS):
        challenger = Challenger.fit(learner, X[:1_000], y[:1_000], all_features())
        log_odds = challenger.log_odds(X[1_000:])
        losses[learner] = float(np.mean(np.logaddexp(0.0, log_odds) - y[1_000:] * log_odds))
    assert losses[Learner.EBM_PAIRS] < losses[Learner.EBM] - 0.01


def test_a_feature_that_nobody_has_moves_nothing() -> None:
    X, y = _loans(120)  # noqa: N806
    X["attended_share"] = np.nan
    challenger = Challenger.fit(Learner.LIGHTGBM, X, y, all_features())
    assert (challenger.contributions(X)["attended_share"] == 0).all()


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("portfolio")
    with a_sample_store(folder, NOW, blocks=("attendance",)) as database:
        yield database


@pytest.fixture(scope="module")
def compared(portfolio: Database) -> list[Compared]:
    return train_challengers(portfolio, [Learner.LIGHTGBM], by="Analyst One")


def _reference(compared: list[Compared]) -> str:
    reference = compared[1].reference
    assert reference is not None
    return reference


def test_all_are_judged_on_the_same_loans(compared: list[Compared]) -> None:
    assert [each.name for each in compared] == ["scorecard", "lightgbm"]
    ours, *others = compared
    for other in others:
        for name in ("out_of_time", "cross_validation"):
            one, two = getattr(ours, name), getattr(other, name)
            assert (one.judged.y == two.judged.y).all()
            assert not np.allclose(one.judged.log_odds, two.judged.log_odds)
        assert other.auc_lead is not None
        assert other.auc_lead.value == pytest.approx(
            ours.cross_validation.figures["auc"].value - other.cross_validation.figures["auc"].value
        )


def test_a_kept_challenger_says_what_was_noted(
    portfolio: Database, compared: list[Compared]
) -> None:
    with portfolio.reading() as session:
        noted = list_challengers(session)
        verify_chain(session)
        kept = load_challenger(session, portfolio.settings.data_dir, _reference(compared))
    assert {each["challenger"] for each in noted} == {each.reference for each in compared[1:]}
    assert noted[-1]["figures"]["auc"] == compared[1].cross_validation.figures["auc"].value
    assert kept.challenger.learner is Learner.LIGHTGBM
    assert kept.currency == "KRW"


class _Trap:
    """What a forger would put into the file: it acts when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_a_changed_file_is_refused_before_anything_in_it_runs(
    portfolio: Database, compared: list[Compared], tmp_path: Path
) -> None:
    path = portfolio.settings.data_dir / "challengers" / f"{_reference(compared)}.joblib"
    was = path.read_bytes()
    sprung = tmp_path / "sprung"
    buffer = io.BytesIO()
    joblib.dump(_Trap(sprung), buffer)
    try:
        path.write_bytes(buffer.getvalue())
        with portfolio.reading() as session, pytest.raises(IntegrityError, match="digest"):
            load_challenger(session, portfolio.settings.data_dir, _reference(compared))
        assert not sprung.exists()
        path.unlink()
        with portfolio.reading() as session, pytest.raises(NotFoundError, match="Train it again"):
            load_challenger(session, portfolio.settings.data_dir, _reference(compared))
    finally:
        path.write_bytes(was)


def test_a_file_is_explained_in_the_scorecards_reason_codes(
    portfolio: Database, compared: list[Compared]
) -> None:
    with portfolio.reading() as session:
        kept = load_challenger(session, portfolio.settings.data_dir, _reference(compared))
        founder = session.connection().exec_driver_sql(
            "SELECT reference FROM founders ORDER BY id LIMIT 1"
        ).scalar_one()  # fmt: skip
    found = explain(portfolio, _reference(compared), founder, by="Analyst Two")
    shown = found.as_dict()
    codes = {feature.reason for feature in all_features().values()}
    sides = shown["reasons"]
    assert {each["code"] for side in sides.values() for each in side} <= codes
    assert all(each["points"] < 0 for each in sides["against"])
    assert all(each["points"] > 0 for each in sides["for"])
    log_odds = np.log(found.pd / (1 - found.pd)) - np.log(found.base_pd / (1 - found.base_pd))
    assert sum(found.points.values()) == pytest.approx(-kept.scale.factor * log_odds, abs=1.0)
    with portfolio.reading() as session:
        last = session.connection().exec_driver_sql(
            "SELECT actor, action, details FROM audit_events ORDER BY sequence DESC LIMIT 1"
        ).one()  # fmt: skip
    assert tuple(last[:2]) == ("Analyst Two", "challenger.explained")
    assert json.loads(last[2])["challenger"] == _reference(compared)


def _noted_as(portfolio: Database, reference: str, changes: Mapping[str, object]) -> str:
    """The same file under another reference, noted with changes."""
    folder = portfolio.settings.data_dir / "challengers"
    with portfolio.reading() as session:
        noted = next(n for n in list_challengers(session) if n["challenger"] == reference)
    other = f"C-{len(list(folder.iterdir())):012d}"
    (folder / f"{other}.joblib").write_bytes((folder / f"{reference}.joblib").read_bytes())
    with portfolio.writing() as ledger:
        append_event(
            ledger,
            actor="test",
            action="challenger.trained",
            details={**noted, "challenger": other, **changes},
        )
    return other


@pytest.mark.parametrize("name", ["python", "numpy", "lightgbm"])
def test_a_challenger_of_other_versions_is_trained_again(
    portfolio: Database, compared: list[Compared], name: str
) -> None:
    with portfolio.reading() as session:
        packages = list_challengers(session)[-1]["packages"]
    other = _noted_as(portfolio, _reference(compared), {"packages": {**packages, name: "0.1"}})
    with portfolio.reading() as session, pytest.raises(ModelError, match=rf"{name} 0\.1 \(here"):
        load_challenger(session, portfolio.settings.data_dir, other)


def test_a_challenger_of_other_features_is_trained_again(
    portfolio: Database, compared: list[Compared]
) -> None:
    other = _noted_as(portfolio, _reference(compared), {"feature_set_digest": "0" * 64})
    with portfolio.reading() as session, pytest.raises(ModelError, match="defined otherwise"):
        load_challenger(session, portfolio.settings.data_dir, other)


@pytest.mark.skipif(len(INSTALLED) == len(Learner), reason="every learner is installed here")
def test_a_challenger_whose_package_is_gone_says_so(
    portfolio: Database, compared: list[Compared]
) -> None:
    gone = next(each for each in Learner if each not in INSTALLED)
    other = _noted_as(portfolio, _reference(compared), {"learner": gone.value})
    with portfolio.reading() as session, pytest.raises(InputError, match="not installed"):
        load_challenger(session, portfolio.settings.data_dir, other)


def test_a_note_that_was_changed_is_not_believed(
    portfolio: Database, compared: list[Compared]
) -> None:
    with portfolio.reading() as session:  # never committed
        noted = next(
            each for each in list_challengers(session) if each["challenger"] == _reference(compared)
        )
        session.add(
            AuditEvent(
                sequence=10**6,
                at=NOW,
                actor="Somebody",
                action="challenger.trained",
                details=json.dumps(noted),
                previous_digest="0" * 64,
                digest="f" * 64,
            )
        )
        session.flush()
        with pytest.raises(IntegrityError, match="1000000 was changed after"):
            load_challenger(session, portfolio.settings.data_dir, _reference(compared))


def test_a_file_in_another_currency_is_not_explained(
    portfolio: Database, compared: list[Compared]
) -> None:
    with portfolio.writing() as ledger:
        folder = portfolio.settings.data_dir
        kept = load_challenger(ledger.session, folder, _reference(compared))
        figures = list_challengers(ledger.session)[-1]["figures"]
        dollars = keep(ledger, folder, replace(kept, currency="USD"), figures=figures, by="test")
        founder = ledger.session.connection().exec_driver_sql(
            "SELECT f.reference FROM founders f JOIN loans l ON l.founder_id = f.id LIMIT 1"
        ).scalar_one()  # fmt: skip
    with pytest.raises(ConflictError, match="USD and this file holds KRW"):
        explain(portfolio, dollars, founder, by="Analyst Two")


@pytest.mark.slow
def test_the_commands_train_list_and_explain(
    portfolio: Database, compared: list[Compared], monkeypatch: pytest.MonkeyPatch
) -> None:
    del compared  # its challengers are listed too
    monkeypatch.setenv("FOOTHOLD_DATA_DIR", str(portfolio.settings.data_dir))
    monkeypatch.setenv("FOOTHOLD_BLOCKS_OFF", ",".join(portfolio.settings.blocks_off))
    monkeypatch.delenv("FOOTHOLD_DATABASE_URL", raising=False)
    command = ["challengers", "train", "--learner", "lightgbm", "--by", "Analyst Three", "--json"]
    scorecard, trained = json.loads(_printed(command))
    assert scorecard["challenger"] is None
    assert trained["scorecard_lead"].keys() == {"auc", "log_loss"}
    reference = trained["challenger"]
    listed = json.loads(_printed(["challengers", "list", "--json"]))
    assert listed[0]["challenger"] == reference
    assert listed[0]["trained_by"] == "Analyst Three"
    assert reference in _printed(["challengers", "list"])
    with portfolio.reading() as session:
        founder = session.connection().exec_driver_sql(
            "SELECT reference FROM founders ORDER BY id LIMIT 1"
        ).scalar_one()  # fmt: skip
    asked = ["challengers", "explain", reference, founder, "--by", "Analyst Three"]
    asked += ["--as-of", "2026-06-14"]
    told = json.loads(_printed([*asked, "--json"]))
    assert told["founder"] == founder
    text = _printed(asked)
    assert text.startswith(f"PD {told['pd']:.1%}")
    for side in told["reasons"].values():
        assert all(each["code"] in text for each in side)


def _printed(command: list[str]) -> str:
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.exception
    return result.stdout


def test_nobody_is_explained_who_does_not_allow_it(
    portfolio: Database, compared: list[Compared]
) -> None:
    with portfolio.writing() as ledger:
        references = ledger.session.connection().exec_driver_sql(
            "SELECT reference FROM founders ORDER BY id DESC LIMIT 1"
        ).scalar_one()  # fmt: skip
        founder = find_founder(ledger.session, references)
        withdraw_consent(ledger, founder, lender=None, purpose=Purpose.MODEL_TRAINING, actor="test")
    with pytest.raises(ConsentError, match="model_training"):
        explain(portfolio, _reference(compared), references, by="Analyst Two")
