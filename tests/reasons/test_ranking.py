"""Principal reasons: at most four each way, strongest first, and sums that agree."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from scoring.features import all_features
from scoring.features.catalogue import Unit
from scoring.reasons.ranking import (
    category_shares,
    group_points,
    group_totals,
    principal_reasons,
)
from scoring.reasons.sentences import sentence
from scoring.reasons.texts import LANGUAGES, reason_text, texts, written_value

FEATURES = all_features()
any_points = st.fixed_dictionaries({name: st.integers(-60, 60) for name in FEATURES})
any_values = st.fixed_dictionaries(
    {name: st.one_of(st.none(), st.floats(0, 100)) for name in FEATURES}
)


@given(any_points, any_values)
def test_groups_hold_every_point_once(
    points: dict[str, int], values: dict[str, float | None]
) -> None:
    groups = group_points(points, values, FEATURES)
    assert sum(group.points for group in groups) == sum(points.values())
    assert len({group.code for group in groups}) == len(groups)


@given(any_points, any_values)
def test_at_most_four_reasons_each_way_and_none_of_the_strongest_is_left_out(
    points: dict[str, int], values: dict[str, float | None]
) -> None:
    groups = group_points(points, values, FEATURES)
    reasons = principal_reasons(groups)
    for side, sign in (("against", -1), ("for", 1)):
        shown = [sign * reason.points for reason in reasons.by_side[side]]
        assert all(strength > 0 for strength in shown)
        assert shown == sorted(shown, reverse=True)
        everything = sorted((sign * g.points for g in groups if sign * g.points > 0), reverse=True)
        assert shown == everything[:4]
        assert all(
            reason_text(reason.code, side, is_missing=reason.missing).ko
            for reason in reasons.by_side[side]
        )


@given(any_points, st.lists(any_points, min_size=1, max_size=30))
def test_reasons_against_a_background_are_points_less_its_mean_in_their_order(
    points: dict[str, int], others: list[dict[str, int]]
) -> None:
    total = {name: sum(other[name] for other in others) for name in FEATURES}
    background = group_totals(total, FEATURES, founders=len(others))
    values = dict.fromkeys(FEATURES, 1.0)
    groups = group_points(points, values, FEATURES)
    reasons = principal_reasons(groups, background)
    exact = {
        group.code: group.points - Fraction(background.points[group.code], len(others))
        for group in groups
    }
    for side, sign in (("against", -1), ("for", 1)):
        strongest = sorted((sign * w for w in exact.values() if sign * w > 0), reverse=True)
        shown = reasons.by_side[side]
        assert [sign * exact[reason.code] for reason in shown] == strongest[:4]
        assert all(reason.points == float(exact[reason.code]) for reason in shown)


@given(any_points)
def test_shares_of_information_add_up_to_a_hundred(points: dict[str, int]) -> None:
    shares = category_shares(points, FEATURES)
    assert sum(shares.values()) == (100 if any(points.values()) else 0)


def test_a_founder_reads_the_value_and_its_unit_in_both_languages() -> None:
    feature = FEATURES["active_weeks_share_182d"]
    korean = sentence(feature, value=0.654, points=-3, currency="KRW", language="ko")
    english = sentence(feature, value=0.654, points=-3, currency="KRW", language="en")
    assert "65.4%" in korean.seen
    assert "65.4%" in english.seen
    assert korean.advice is not None
    assert sentence(feature, value=0.9, points=3, currency="KRW", language="en").advice is None
    missing = sentence(feature, value=None, points=0, currency="KRW", language="en")
    assert missing.is_missing
    assert "did not count" in missing.seen


def test_money_is_written_in_its_currency() -> None:
    assert written_value(1_250_000, Unit.MONEY, currency="KRW", language="ko") == "₩1,250,000"
    assert "12,500.00" in written_value(1_250_000, Unit.MONEY, currency="CZK", language="en")


def test_texts_name_no_protected_ground() -> None:
    words = ("탈북", "북한", "난민", "refugee", "defector", "Hana", "하나센터")
    written = texts().model_dump_json()
    assert not [word for word in words if word in written]
    for language in LANGUAGES:
        assert all(entry.title.in_language(language) for entry in texts().groups.values())
