"""The analyst's hand: what is written is what is served, and what can't be is told."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from scoring.base.canonical import digest
from scoring.base.errors import InputError
from scoring.base.settings import DeploymentProfile
from scoring.features import all_features
from scoring.models.adjustments.calibration import Calibration
from scoring.models.adjustments.capping import range_of
from scoring.models.artefact import Artefact
from scoring.models.card.points import PointsCard, PointsFeature
from scoring.published.bins import bin_labels
from scoring.published.table import joined
from tests.models.cards import points_of
from training.fit.fitting import fit_scorecard
from training.fit.hand.applying import AppliedHand, apply_hand, check_served
from training.fit.hand.file import check_hand, read_hand
from training.fit.shaping import Fit, Shaping
from training.validation.hand_beside import changes_by_hand, hand_record
from training.validation.validate import fit_and_foretell

FEATURES = (
    "attended_share",
    "assignments_on_time_share",
    "refund_share_365d",
    "worst_days_past_due_365d",
    "mean_balance_180d",
)
SIGNED = '\nauthor = "Analyst One"\nreason = "as the lender\'s rules have it"\n'


def loans(rows: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Invented loans: attendance says much, so that its cap may bind."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "attended_share": np.round(rng.beta(6, 2, rows), 3),
            "assignments_on_time_share": np.round(rng.beta(5, 2, rows), 3),
            "refund_share_365d": np.round(rng.beta(1, 12, rows), 3),
            "worst_days_past_due_365d": rng.geometric(0.1, rows) - 1.0,
            "mean_balance_180d": np.round(np.exp(rng.normal(14, 1, rows))),
        }
    )
    log_odds = (
        -1.5
        - 8 * (X.attended_share - 0.75)
        + 8 * (X.refund_share_365d - 0.08)
        + 0.08 * (X.worst_days_past_due_365d - 9)
        - 0.5 * (np.log(X.mean_balance_180d) - 14)
    )
    y = (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(np.int64)
    X = X.mask(rng.random(X.shape) < 0.1)
    return X, y


X, Y = loans(150)


@pytest.fixture(scope="module")
def free() -> Fit:
    return _free()


def written(folder: Path, text: str) -> Path:
    path = folder / "hand.toml"
    path.write_text(text, encoding="utf-8")
    return path


def applied(folder: Path, text: str, free: Fit) -> AppliedHand:
    hand = read_hand(written(folder, text))
    return apply_hand(hand, free.scorecard.card_, currency="KRW", file="hand.toml")


@cache
def _free() -> Fit:
    return fit_scorecard(X, Y, currency="KRW")


def fit_by_hand(hand: AppliedHand) -> tuple[Fit, Artefact]:
    shaping = Shaping(hand=hand)
    fit = fit_scorecard(X, Y, currency="KRW", shaping=shaping)
    check_served(hand, fit.scorecard.card_)
    artefact = Artefact.of(
        fit.scorecard,
        currency="KRW",
        deployment_profile=DeploymentProfile.RESEARCH_SANDBOX,
        block_caps=fit.caps,
        hand=hand_record(_free(), shaping),
    )
    return fit, artefact


def printed(points: PointsCard, name: str) -> PointsFeature:
    return next(each for each in points.features if each.name == name)


def test_a_whole_shape_is_served_to_the_point_and_the_rest_is_fitted_round_it(
    tmp_path: Path, free: Fit
) -> None:
    text = (
        "[features.mean_balance_180d]\ncuts = { KRW = [100000, 1000000], CZK = [1] }\n"
        "points = [-18, 0, 9]\nmissing_points = -4" + SIGNED
    )
    fit, artefact = fit_by_hand(applied(tmp_path, text, free))
    served = printed(artefact.points, "mean_balance_180d")
    assert served.cuts == (100000.0, 1000000.0)
    assert np.diff([*served.points, served.missing_points]).tolist() == [18, 9, -13]
    model = free.scorecard
    own = model.contributions(X)["mean_balance_180d"]
    by_hand = fit.scorecard.contributions(X)["mean_balance_180d"]
    put_in = model.decision_function(X) - own + by_hand
    refitted = log_loss(Y, fit.scorecard.predict_proba(X)[:, 1])
    assert refitted <= log_loss(Y, 1 / (1 + np.exp(-put_in)))
    assert printed(artefact.points, "worst_days_past_due_365d") != printed(
        PointsCard.of(model.card_), "worst_days_past_due_365d"
    )


def test_a_weight_is_served_to_the_point_with_the_shape_of_the_free_fit(
    tmp_path: Path, free: Fit
) -> None:
    text = "[features.refund_share_365d]\nweight_points = 33" + SIGNED
    _, artefact = fit_by_hand(applied(tmp_path, text, free))
    served = printed(artefact.points, "refund_share_365d")
    assert max(served.points) - min(served.points) == 33
    shape = next(f for f in free.scorecard.card_.features if f.name == "refund_share_365d")
    assert served.cuts == shape.cuts
    stretched = 33 * (shape.log_odds[-1] - np.array(shape.log_odds)) / np.ptp(shape.log_odds)
    np.testing.assert_allclose(np.array(served.points) - min(served.points), stretched, atol=0.51)


@pytest.mark.parametrize("by", ["number", "range"])
def test_merged_bins_are_one_bin_and_the_others_stay(tmp_path: Path, free: Fit, by: str) -> None:
    name = "worst_days_past_due_365d"
    cuts, _ = joined(printed(PointsCard.of(free.scorecard.card_), name))
    labels = bin_labels(cuts, all_features()[name], "KRW")
    group = [2, 3] if by == "number" else labels[1:3]
    text = f"[features.{name}]\nmerge = [{json.dumps(group)}]" + SIGNED
    _, artefact = fit_by_hand(applied(tmp_path, text, free))
    served = printed(artefact.points, name).cuts
    assert {cuts[0], cuts[2]} <= set(served)
    assert not [cut for cut in served if cuts[0] < cut < cuts[2]]
    assert {cut for cut in cuts if cut > cuts[2]} <= set(served)


def test_cut_points_and_a_weight_go_together(tmp_path: Path, free: Fit) -> None:
    text = "[features.refund_share_365d]\ncuts = [0.02, 0.1]\nweight_points = 20" + SIGNED
    _, artefact = fit_by_hand(applied(tmp_path, text, free))
    served = printed(artefact.points, "refund_share_365d")
    assert served.cuts == (0.02, 0.1)
    assert served.points[0] - served.points[-1] == 20


def test_the_cap_on_attendance_holds_with_a_hand_in_it(tmp_path: Path, free: Fit) -> None:
    text = "[features.attended_share]\nweight_points = 80" + SIGNED
    fit, artefact = fit_by_hand(applied(tmp_path, text, free))
    (cap,) = fit.caps
    assert cap.binds
    attendance = ("attended_share", "assignments_on_time_share")
    low, high = artefact.score_range
    assert range_of(artefact.points, attendance) == cap.block_range <= 0.2 * (high - low) + 1e-9


def test_points_and_caps_hold_on_a_card_that_is_calibrated_afterwards(
    tmp_path: Path, free: Fit
) -> None:
    text = "[features.refund_share_365d]\ncuts = [0.02, 0.1]\npoints = [7, 0, -20]" + SIGNED
    hand = applied(tmp_path, text, free)
    shaping = Shaping(hand=hand, slope=0.83)
    fit = fit_scorecard(X, Y, currency="KRW", shaping=shaping)
    calibration = Calibration(slope=0.83, intercept=-0.2, by_hand=fit.by_hand)
    served = calibration.applied_to(fit.scorecard)
    points = PointsCard.of(served.card_, whole=["refund_share_365d"])
    assert np.diff(printed(points, "refund_share_365d").points).tolist() == [-7, -20]
    block = range_of(points, ("attended_share", "assignments_on_time_share"))
    assert fit.caps[0].binds
    assert fit.caps[0].block_range == block <= 0.2 * range_of(points) + 1e-9
    foretold = fit.foretell(X)
    judged = calibration.of_log_odds(foretold.log_odds, foretold.given)
    assert np.abs(judged - served.decision_function(X)).max() < 1e-12
    scaled = calibration.of_log_odds(foretold.log_odds)
    assert np.abs(judged - scaled).max() > 0.05  # the hand's points are left as they are


def test_attendance_is_capped_unless_the_share_is_raised(free: Fit) -> None:
    (cap,) = free.caps
    assert (cap.block, cap.share) == ("attendance", 0.2)
    assert cap.binds
    uncapped = fit_scorecard(X, Y, currency="KRW", shaping=Shaping(attendance_cap=1.0))
    assert not uncapped.caps[0].binds
    assert uncapped.caps[0].block_range == cap.block_range_before


def test_shapes_of_the_free_fit_are_those_of_the_fold(tmp_path: Path, free: Fit) -> None:
    text = "[features.refund_share_365d]\nweight_points = 33" + SIGNED
    shaping = Shaping(hand=applied(tmp_path, text, free))
    part, outcomes = X.iloc[:90], Y[:90]
    of_part = fit_scorecard(part, outcomes, currency="KRW", shaping=shaping)
    own = fit_scorecard(part, outcomes, currency="KRW")
    cuts = {
        label: next(f.cuts for f in fit.scorecard.card_.features if f.name == "refund_share_365d")
        for label, fit in (("hand", of_part), ("own", own), ("all", free))
    }
    assert cuts["hand"] == cuts["own"] != cuts["all"]
    unseen = X.iloc[90:]
    foretold = fit_and_foretell(part, outcomes, unseen, currency="KRW", shaping=shaping)
    assert np.array_equal(foretold, of_part.scorecard.decision_function(unseen))
    without = fit_and_foretell(part, outcomes, unseen, currency="KRW")
    assert not np.array_equal(foretold, without)


def test_the_artefact_keeps_who_set_what_and_why_beside_the_free_fit(
    tmp_path: Path, free: Fit
) -> None:
    text = "[features.refund_share_365d]\ncuts = [0.02, 0.1]" + SIGNED
    hand = applied(tmp_path, text, free)
    _, artefact = fit_by_hand(hand)
    stored = artefact.to_json()
    again = Artefact.from_json(stored, expected_digest=digest(stored))
    assert again.to_json() == stored
    assert again.hand is not None
    assert again.hand.entries["refund_share_365d"] == {
        "author": "Analyst One",
        "reason": "as the lender's rules have it",
        "cuts": [0.02, 0.1],
    }
    assert again.hand.free == PointsCard.of(free.scorecard.card_)
    first = changes_by_hand(again)[0]
    assert (first.name, first.author) == ("refund_share_365d", "Analyst One")
    for line, value in ((first.bins[0], 0.0), (first.bins[-2], 1.0), (first.bins[-1], None)):
        record = {"refund_share_365d": value}
        assert line.before == points_of(again.hand.free, record)["refund_share_365d"]
        assert line.after == points_of(again.points, record)["refund_share_365d"]
    assert replace(again, hand=None).hand is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "features: is required"),
        ("[features]\n", "features: "),
        ("features = [", "is not TOML"),
        ('[features.attended_share]\nreason = "x"\ncuts = [0.5]', 'attended_share", author: is'),
        ('[features.attended_share]\nauthor = " "\nreason = "x"\ncuts = [1]', "author: string"),
        ("[features.attended_share]" + SIGNED, "sets nothing"),
        ("[features.attended_share]\nshape = 3" + SIGNED, "allowed are author, reason, cuts"),
        ("[features.attended_share]\ncuts = ['a']" + SIGNED, "cuts, item 1"),
        ("[features.attended_share]\ncuts = [nan]" + SIGNED, "cuts, item 1"),
        ("[features.attended_share]\npoints = [1, 2]" + SIGNED, "need the cuts"),
        ("[features.attended_share]\nweight_points = -3" + SIGNED, "greater than or equal to 0"),
        ("[features.attended_share]\nweight_points = 2.5" + SIGNED, "weight_points: "),
        ("[features.attended_share]\ncuts = [0.5]\nmerge = [[1, 2]]" + SIGNED, "one of them"),
        ("[features.attended_share]\nmerge = [[1]]" + SIGNED, "needs at least 2, not 1"),
        (
            "[features.attended_share]\ncuts = [0.5]\npoints = [0, 5]\nweight_points = 3" + SIGNED,
            "whole shape",
        ),
        ("[features.attended_share]\ncuts = [0.5]\nmissing_points = 3" + SIGNED, "with points"),
        ("[features.attend_share]\ncuts = [0.5]" + SIGNED, "Did you mean attended_share"),
        ("[features.loans_repaid]\ncuts = [0.5]" + SIGNED, "does not have this feature"),
        ("[features.attended_share]\ncuts = [0.5, 0.4]" + SIGNED, "must ascend"),
        ("[features.worst_days_past_due_365d]\ncuts = [3.2, 3.7]" + SIGNED, "no value lies"),
        ("[features.attended_share]\ncuts = { KRW = [0.5] }" + SIGNED, "is not money"),
        ("[features.mean_balance_180d]\ncuts = [5]" + SIGNED, "by currency, cuts = { KRW"),
        ("[features.mean_balance_180d]\ncuts = { CZK = [5] }" + SIGNED, "no cuts in KRW"),
        (
            "[features.attended_share]\ncuts = [0.5]\npoints = [0]" + SIGNED,
            "2 points are needed, not 1",
        ),
        ("[features.attended_share]\ncuts = [0.5]\npoints = [5, 0]" + SIGNED, "must rise"),
        ("[features.refund_share_365d]\ncuts = [0.5]\npoints = [0, 5]" + SIGNED, "must fall"),
        (
            "[features.attended_share]\ncuts = [0.5]\npoints = [0, 5]\nmissing_points = 1" + SIGNED,
            "neutral",
        ),
        ("[features.attended_share]\nmerge = [[1, 99]]" + SIGNED, "names 99, which is no bin"),
        ("[features.attended_share]\nmerge = [['x', 2]]" + SIGNED, "names 'x', which is no bin"),
        ("[features.attended_share]\nmerge = [[1, 3]]" + SIGNED, "neighbouring"),
        ("[features.attended_share]\nmerge = [[1, 2], [2, 3]]" + SIGNED, "twice"),
    ],
)
def test_what_can_not_be_used_is_told_with_file_and_entry(
    tmp_path: Path, free: Fit, text: str, told: str
) -> None:
    with pytest.raises(InputError) as refused:
        applied(tmp_path, text, free)
    message = str(refused.value)
    assert message.startswith("hand.toml")
    assert told in message
    assert "Nothing was trained" in message


def test_a_founder_can_not_be_made_to_gain_by_withholding(tmp_path: Path, free: Fit) -> None:
    text = (
        "[features.mean_balance_180d]\ncuts = { KRW = [1000000] }\npoints = [0, 10]\n"
        "missing_points = 9" + SIGNED
    )
    with pytest.raises(InputError, match="missing_points may be [0-8] at most, not 9"):
        fit_by_hand(applied(tmp_path, text, free))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere.toml: can't be read"):
        read_hand(tmp_path / "nowhere.toml")


def test_the_example_in_the_guide_can_be_used(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "analyst.md").read_text(encoding="utf-8")
    example = guide.split("```toml\n")[1].split("```")[0]
    hand = read_hand(written(tmp_path, example))
    catalogue = all_features()
    check_hand(hand, catalogue, currency="KRW", file="hand.toml", known=catalogue)
    assert {"cuts", "merge", "weight_points", "points"} <= {
        key for entry in hand.features.values() for key in entry.as_dict()
    }
