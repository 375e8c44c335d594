"""The expert's scorecard as people see it, and which of its weights the score hangs on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from typer.testing import CliRunner

from foothold.cli import app
from scoring.base.errors import ConflictError
from scoring.base.settings import DeploymentProfile, Settings
from scoring.features import all_features, features_for
from scoring.governance.registry import find_model, load_artefact
from scoring.models.card.points import PointsCard
from scoring.models.priors import read_priors
from scoring.score.bands import band_of
from scoring.store.database import Database
from tests.builders import an_expert_model
from training.fit.fitting import expert_scorecard, fit_scorecard
from training.fit.shaping import Shaping
from training.validation.elicitation import as_html, elicited
from training.validation.sensitivity import (
    CHANGES,
    expert_sensitivity,
    fitted_sensitivity,
    with_weight,
)

FEATURES = features_for(DeploymentProfile.RESEARCH_SANDBOX)


def _people(rows: int, names: list[str] | None = None) -> pd.DataFrame:
    rng = np.random.default_rng(6)
    columns = {}
    for name in names or list(FEATURES):
        cuts = read_priors().features[name].cuts_in("KRW") or [0.0, 1.0]
        reach = cuts[-1] - cuts[0] or 1.0
        values = rng.uniform(cuts[0] - reach / 2, cuts[-1] + reach / 2, rows)
        values[rng.random(rows) < 0.2] = np.nan
        columns[name] = np.round(values, FEATURES[name].decimals)
    return pd.DataFrame(columns)


@pytest.mark.parametrize("feature", ["refund_share_365d", "minimum_balance_90d"])
def test_what_is_said_of_a_weight_is_what_a_card_with_that_weight_gives(feature: str) -> None:
    people = _people(120)
    said = {each.feature: each for each in expert_sensitivity(people, currency="KRW").features}
    before = _scored(people, "KRW", feature, 1.0)
    for change, times in CHANGES.items():
        after = _scored(people, "KRW", feature, times)
        found = getattr(said[feature], change)
        assert found.mean_points == pytest.approx(np.abs(np.subtract(after[0], before[0])).mean())
        other = [band_of(a) != band_of(b) for a, b in zip(before[0], after[0], strict=True)]
        assert found.band_share == pytest.approx(np.mean(other))
        rank = spearmanr(before[1], after[1]).statistic
        assert found.rank_correlation == pytest.approx(rank, abs=1e-6)


def _scored(
    people: pd.DataFrame, currency: str, feature: str, times: float
) -> tuple[list[int], np.ndarray]:
    priors = with_weight(read_priors(), feature, times)
    card = expert_scorecard(people, currency=currency, priors=priors).scorecard
    return PointsCard.of(card.card_).score_frame(people).tolist(), card.decision_function(people)


CAPPED = (
    "attended_share",
    "refund_share_365d",
    "worst_days_past_due_365d",
)


@pytest.mark.parametrize(("share", "method"), [(0.02, "refit"), (0.21, "refit"), (1.0, "exact")])
def test_what_is_said_of_a_weight_holds_where_attendance_is_capped(
    share: float, method: str
) -> None:
    people = _people(80, [name for name in FEATURES if name in CAPPED])
    shaping = Shaping(share)
    report = expert_sensitivity(people, currency="KRW", shaping=shaping)
    assert report.method == method
    for each in report.features:
        for change, times in CHANGES.items():
            scores = [
                PointsCard.of(card.card_).score_frame(people)
                for card in (
                    expert_scorecard(
                        people,
                        currency="KRW",
                        priors=with_weight(read_priors(), each.feature, factor),
                        shaping=shaping,
                    ).scorecard
                    for factor in (1.0, times)
                )
            ]
            found = getattr(each, change).mean_points
            assert found == pytest.approx(np.abs(scores[1] - scores[0]).mean()), each.feature


def test_weights_come_in_the_order_of_what_the_score_hangs_on() -> None:
    report = expert_sensitivity(_people(0), currency="KRW")
    assert report.population == "sample_of_bins"
    moved = [each.taken_out.mean_points for each in report.features]
    assert moved == sorted(moved, reverse=True)
    heaviest = max(report.features, key=lambda each: each.weight_points).weight_points
    assert report.features[0].weight_points == heaviest
    for each in report.features:
        assert each.halved.mean_points <= each.doubled.mean_points + 1.0, "rounding, at most"


def test_with_outcomes_the_card_is_fitted_anew() -> None:
    names = ["refund_share_365d", "worst_days_past_due_365d"]
    people = _people(60, names)
    bad = (people["refund_share_365d"].fillna(0) > 0.1).astype(np.int64).to_numpy()
    report = fitted_sensitivity(people, bad, currency="KRW")
    assert report.method == "refit"
    assert {each.feature for each in report.features} == set(names)
    said = next(each for each in report.features if each.feature == names[0]).doubled
    before, after = (
        fit_scorecard(
            people,
            bad,
            currency="KRW",
            priors=with_weight(read_priors(), names[0], times),
            n_binnings=1,
        ).scorecard
        for times in (1.0, CHANGES["doubled"])
    )
    scores = [PointsCard.of(each.card_).score_frame(people) for each in (before, after)]
    assert said.mean_points == pytest.approx(np.abs(np.subtract(*scores)).mean())
    assert said.mean_points > 0
    rank = spearmanr(*(each.decision_function(people) for each in (before, after))).statistic
    assert said.rank_correlation == pytest.approx(rank, abs=1e-6)


def test_the_table_has_the_experts_word_and_what_a_model_made_of_it(sqlite: Database) -> None:
    reference = an_expert_model(sqlite)
    with sqlite.reading() as session:
        artefact = load_artefact(find_model(session, reference))
    entries = elicited(read_priors(), all_features(), currency="KRW", model=artefact)
    assert {entry.feature for entry in entries} == set(read_priors().features)
    for entry in entries:
        assert entry.why
        if entry.feature in artefact.feature_names and entry.cuts:
            assert entry.model_points == pytest.approx(entry.weight_points, abs=2), entry
            assert len(entry.bins) == len(entry.cuts) + 1
    assert next(e for e in entries if e.feature == "late_share").model_points is None


def test_the_commands_work_before_there_is_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTHOLD_DATA_DIR", str(tmp_path / "none"))
    runner = CliRunner()
    shown = json.loads(runner.invoke(app, ["priors", "--json"]).stdout)
    assert shown["features"][0].keys() >= {"feature", "weight_points", "confidence", "who", "why"}
    text = runner.invoke(app, ["priors"]).stdout
    assert "refund_share_365d" in text
    page = runner.invoke(app, ["priors", "--format", "html"]).stdout
    assert page.count("<tr>") == len(shown["features"]) + 1
    told = json.loads(runner.invoke(app, ["priors", "sensitivity", "--json"]).stdout)
    assert told["population"] == "sample_of_bins"
    assert len(told["features"]) > 40
    refused = runner.invoke(app, ["priors", "sensitivity", "--refit"])
    assert "Leave out --refit" in str(refused.exception)


def test_an_experts_words_are_text_on_the_page_and_never_markup() -> None:
    first = elicited(read_priors(), all_features(), currency="KRW")[0]
    entry = replace(first, why="<script>why & how</script>", model_points=17)
    page = as_html([entry], title="Said by <us>", model="M-TEST")
    assert "&lt;script&gt;why &amp; how&lt;/script&gt;" in page
    assert "<script" not in page
    assert "Said by &lt;us&gt;" in page
    assert page.count("<th>") == page.count("<td>") == 8
    assert "<td>17</td>" in page
    without = as_html([entry], title="", model=None)
    assert without.count("<th>") == without.count("<td>") == 7


def test_a_store_of_an_older_schema_is_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTHOLD_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("FOOTHOLD_DATABASE_URL", raising=False)
    path = Path(str(Database(Settings(data_dir=tmp_path)).engine.url.database))
    path.touch()
    refused = CliRunner().invoke(app, ["priors", "sensitivity", "--json"])
    assert isinstance(refused.exception, ConflictError)
    assert "schema" in str(refused.exception)
