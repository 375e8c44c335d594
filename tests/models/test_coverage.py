"""The promise of every interval: 90 % hold the true PD 85 to 95 times in a hundred."""

import pytest

from benchmarks.coverage import SIZES, Scenario, coverage, scenarios

DEMANDED = [scenario for scenario in scenarios() if scenario.demanded]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scenario", DEMANDED, ids=lambda scenario: scenario.name)
def test_intervals_hold_the_true_pd_of_simulated_founders(scenario: Scenario, size: int) -> None:
    found = coverage(scenario, size, 200)
    assert 0.85 - 2 * found.error <= found.covered <= 0.95 + 2 * found.error


@pytest.mark.slow
def test_a_wrong_direction_is_flagged_once_outcomes_can_tell() -> None:
    turned = next(scenario for scenario in scenarios() if not scenario.demanded)
    assert coverage(turned, 5000, 20).flagged > 0.9
    assert all(coverage(scenario, 1000, 20).flagged < 0.1 for scenario in DEMANDED)
