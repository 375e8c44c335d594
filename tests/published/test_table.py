"""The table that people read: points, share, bad rate, WoE, and whom it protects."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from math import log
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from scoring.features import all_features
from scoring.models.card.points import PointsFeature
from scoring.published.bins import bin_label, edges_of
from scoring.published.csv_text import scorecard_csv
from scoring.published.disclosure import FEWEST_FOUNDERS, shown_outcomes
from scoring.published.html import scorecard_html
from scoring.published.picture import draw_scorecard
from scoring.published.table import FeatureTable, ScorecardTable, joined, scorecard_table
from scoring.published.terminal import scorecard_text
from scoring.published.variant import CardVariant
from scoring.published.written import rate_text, weight_of_evidence_text
from tests.published.fitted import FittedModel, a_fitted_model
from training.fit.outcome_counts import outcomes_by_bin


@pytest.fixture(scope="module")
def model() -> FittedModel:
    return a_fitted_model()


@pytest.fixture(scope="module")
def table(model: FittedModel) -> ScorecardTable:
    return scorecard_table(model.artefact, model="M-TEST", kind="fitted")


def test_every_loan_and_every_founder_counts_once_in_each_feature(model: FittedModel) -> None:
    for outcomes in model.artefact.bin_outcomes.values():
        assert sum(outcomes.bads) == model.y.sum()
        assert sum(outcomes.goods) == (model.y == 0).sum()
        assert sum(outcomes.founders) == pytest.approx(len(set(model.founders)), abs=1e-4)


def test_a_weight_counts_like_repeated_loans(model: FittedModel) -> None:
    weights = np.where(model.y == 1, 3.0, 1.0)
    again = np.repeat(np.arange(len(model.y)), weights.astype(int))
    card = model.artefact.scorecard.card_
    weighted = outcomes_by_bin(card, model.X, model.y, model.founders, weights=weights)
    repeated = outcomes_by_bin(card, model.X.iloc[again], model.y[again], model.founders[again])
    for name, outcomes in weighted.items():
        assert outcomes.goods == repeated[name].goods
        assert outcomes.bads == repeated[name].bads


def test_figures_of_a_bin_are_those_of_its_loans(model: FittedModel, table: ScorecardTable) -> None:
    names = list(model.artefact.feature_names)
    earned = model.artefact.points.points_of_rows(model.X[names].to_numpy())
    points = dict(zip(names, earned.T, strict=True))
    goods, bads = int((model.y == 0).sum()), int(model.y.sum())
    shown = 0
    for feature in table.features:
        known = model.X[feature.name].notna().to_numpy()
        for each in feature.bins[:-1]:
            inside = known & (points[feature.name] == each.points)
            assert each.share == pytest.approx(inside.mean())
            if each.bad_rate is None or each.weight_of_evidence is None:
                continue
            shown += 1
            bad, good = int(model.y[inside].sum()), int((model.y[inside] == 0).sum())
            assert each.bad_rate == round(bad / (good + bad), 2)
            more = 0.0 if good and bad else 0.5
            share_of_goods, share_of_bads = (good + more) / goods, (bad + more) / bads
            evidence = log(share_of_goods / share_of_bads)
            assert each.weight_of_evidence == pytest.approx(evidence, abs=0.005 + 1e-9)
    assert shown > 10
    assert sum(f.bins[-1].share or 0 for f in table.features) == pytest.approx(
        model.X.isna().mean().sum()
    )


_PART = st.tuples(st.integers(0, 40), st.integers(0, 40), st.floats(0.2, 1))


@given(st.lists(_PART, min_size=1, max_size=13))
def test_no_outcome_of_few_founders_can_be_seen_or_worked_out(
    parts: list[tuple[int, int, float]],
) -> None:
    goods, bads = [good for good, _, _ in parts], [bad for _, bad, _ in parts]
    founders = [(good + bad) * ratio for good, bad, ratio in parts]
    shown = shown_outcomes(goods, bads, founders)
    hidden = [people for people, told in zip(founders, shown, strict=True) if told is None]
    for people, told in zip(founders, shown, strict=True):
        assert told is None or people >= FEWEST_FOUNDERS - 1e-6
    if any(told is not None for told in shown):
        assert sum(hidden) == 0 or sum(hidden) >= FEWEST_FOUNDERS - 1e-6


def test_a_single_small_bin_hides_another_with_it() -> None:
    shown = shown_outcomes([40, 2, 10, 30], [10, 1, 10, 10], [50, 3, 20, 40])
    assert [told is None for told in shown] == [False, True, True, False]


def test_what_one_feature_hides_can_not_be_taken_from_a_sibling() -> None:
    """Both lack a record of the same 40 people, and the second one shows what became of them."""
    sibling = shown_outcomes([82, 30], [21, 10], [103, 40])
    assert sibling[-1] is not None
    shown = shown_outcomes([2, 80, 30], [1, 20, 10], [3, 100, 40])
    assert [told is None for told in shown] == [True, True, False]


@given(st.lists(_PART, min_size=2, max_size=13))
def test_whoever_knows_of_those_without_a_record_learns_of_no_few_others(
    parts: list[tuple[int, int, float]],
) -> None:
    goods, bads = [good for good, _, _ in parts], [bad for _, bad, _ in parts]
    founders = [(good + bad) * ratio for good, bad, ratio in parts]
    sibling = shown_outcomes(*([sum(each[:-1]), each[-1]] for each in (goods, bads, founders)))
    if sibling[-1] is None:
        return
    shown = shown_outcomes(goods, bads, founders)
    hidden = [p for p, told in zip(founders[:-1], shown[:-1], strict=True) if told is None]
    if any(told is not None for told in shown):
        assert sum(hidden) == 0 or sum(hidden) >= FEWEST_FOUNDERS - 1e-6


@pytest.mark.parametrize("write", [scorecard_csv, lambda table: json.dumps(table.as_dict())])
def test_no_form_tells_outcomes_sharper_than_the_printed_table(
    table: ScorecardTable, write: Callable[[ScorecardTable], str]
) -> None:
    blunt = replace(table, features=tuple(_as_printed(each) for each in table.features))
    assert write(table) == write(blunt)
    assert scorecard_html(table) == scorecard_html(blunt)


def _as_printed(feature: FeatureTable) -> FeatureTable:
    bins = [
        each
        if each.bad_rate is None or each.weight_of_evidence is None
        else replace(
            each,
            bad_rate=float(rate_text(each.bad_rate).removesuffix(" %")) / 100,
            weight_of_evidence=float(weight_of_evidence_text(each.weight_of_evidence)),
        )
        for each in feature.bins
    ]
    return replace(feature, bins=tuple(bins))


def test_a_card_without_outcomes_says_why(model: FittedModel) -> None:
    without = replace(model.artefact, bin_outcomes={})
    plain, clipped = CardVariant.PLAIN, CardVariant.POSITIVE_ONLY
    for artefact, kind, variant, word in (
        (without, "expert_prior", plain, "opinion"),
        (model.artefact, "fitted", clipped, "table of the plain card alone"),
    ):
        told = scorecard_table(artefact, model="M-TEST", kind=kind, variant=variant)
        assert not told.has_outcomes
        assert any(word in note for note in told.notes)
        assert all(each.bad_rate is None for f in told.features for each in f.bins)


def test_bins_are_written_by_the_values_that_a_feature_can_have() -> None:
    features = all_features()
    days, share, money = (
        features[name]
        for name in ("days_since_last_sale", "attended_share", "monthly_net_sales_180d")
    )

    def labels(cuts: tuple[float, ...], name: str, currency: str = "KRW") -> list[str]:
        feature = {"days": days, "share": share, "money": money}[name]
        return [bin_label(each, feature, currency) for each in edges_of(cuts, feature.decimals)]

    assert labels((3.5, 4.5, 30.5), "days") == [
        "up to 3 days",
        "4 days",
        "5 to 30 days",
        "31 days or more",
    ]
    assert labels((0.65,), "share") == ["up to 65.0 %", "65.1 % or more"]
    assert labels((300_000.0,), "money")[0] == "up to 300,000 KRW"
    assert labels((300_000.0,), "money", "CZK") == ["up to 3,000 CZK", "3,000.01 CZK or more"]
    assert labels((), "days") == ["any value"]


def test_neighbouring_bins_of_equal_points_are_one() -> None:
    feature = PointsFeature("days", (1.5, 2.5, 3.5), (4, 4, 0, 0), -1)
    assert joined(feature) == ((2.5,), (4, 0))
    assert joined(PointsFeature("days", (1.5,), (0, 0), -1)) == ((), (0,))


def test_the_page_shows_every_bin_and_needs_nothing_else(table: ScorecardTable) -> None:
    page = scorecard_html(table)
    assert not re.findall(r"""(?:src|href)\s*=|@import|url\(|://""", page)
    rows = [
        [cell.text_content().strip() for cell in row]
        for row in html.fromstring(page).xpath("//tbody/tr[not(contains(@class, 'head'))]")
    ]
    bins = [each for feature in table.features for each in feature.bins]
    assert [(row[0], int(row[1])) for row in rows] == [(b.label, b.points) for b in bins]
    assert [row[4] == "–" for row in rows] == [b.bad_rate is None for b in bins]


def test_csv_and_terminal_have_the_same_bins(table: ScorecardTable) -> None:
    lines = list(csv.DictReader(io.StringIO(scorecard_csv(table))))
    bins = [(f.name, b.label, b.points) for f in table.features for b in f.bins]
    assert lines[0]["points"] == str(table.base)
    assert [(x["feature"], x["bin"], int(x["points"])) for x in lines[1:]] == bins
    shown = scorecard_text(table)
    for _, label, points in bins:
        assert re.search(
            rf"{re.escape(label)} +{re.escape(f'{points:+d}' if points else '0')} ", shown
        )


def test_the_picture_is_drawn(table: ScorecardTable, tmp_path: Path) -> None:
    draw_scorecard(tmp_path / "card.png", table)
    pixels = matplotlib.image.imread(tmp_path / "card.png")
    assert pixels.shape[1] > 1000
    ink = (pixels[..., :3] < 0.7).any(axis=2)
    assert ink[: len(ink) // 2].any()
    assert ink[:, : ink.shape[1] // 3].any()
    assert ink[:, -ink.shape[1] // 3 :].any()
