"""The process that decides which invented loans go bad. Training never reads it.

Traits. Every founder has a commitment, a business quality, a liquidity and a *hidden* trait,
standard normal and higher safer (`people.py`). Commitment drives attendance and the regularity of
sales; quality drives the level, trend and refunds of sales; liquidity drives dips in sales and the
bank account; hidden shows in no record before the first loan, then in late payments. Traits do not
enter the risk directly, except the last two.

Behaviour. Sales, attendance and repayments are simulated first. Then each loan's behaviour `x_i` is
measured on those records as of the day before it is paid out (`behaviour.py`), and

    true_pd = sigmoid(a + sum_i w_i g_i(x_i) - 0.30 liquidity - 0.75 hidden)
    g_i(x)  = sigmoid(s_i (x - t_i) / h_i)          rises from 0 (safest) to 1 (riskiest)

with `w_i` in `PROCESS_WEIGHTS`, `t_i` in `PROCESS_THRESHOLDS`, the softness `h_i` and sign `s_i`
(+1 where more is riskier) in `PROCESS_SOFTNESS`. Monthly sales and growth enter as log10. So each
behaviour acts as a soft threshold: far from `t_i` it hardly matters. A behaviour without records
(no programme, no earlier loan) has `g_i = 0.4`, whatever the reason. A declared pause is cut out of
the sales before anything is measured, hence neutral. The intercept `a` makes the mean true PD of
the first loans `BAD_RATE`.

Outcome. Bad with chance `true_pd`, drawn independently per loan. A bad loan stops paying at one of
its first nine instalments, so that it is 90 days past due within twelve months of the first one; a
few of the others pass through 30 to 89 days; the rest stay under 30 (`repayments.py`).

The constants are invented for the sample. They are on purpose not those of the expert's scorecard.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from sample.simulate.people import Floats

BAD_RATE: Final = 0.22
"""Mean true PD of first loans."""
HIDDEN_WEIGHT: Final = 0.75
"""Log-odds per standard deviation of the trait that no record shows."""
LIQUIDITY_WEIGHT: Final = 0.30
"""Log-odds per standard deviation of liquidity; bank accounts show it, where they were given."""

PROCESS_WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "attended_share": 0.20,
        "assignments_on_time_share": 0.20,
        "active_weeks_share_182d": 0.60,
        "monthly_net_sales_180d": 0.30,
        "sales_growth_90d": 0.60,
        "refund_share_365d": 0.85,
        "channel_concentration_182d": 0.40,
        "weekly_volatility_182d": 0.50,
        "days_since_last_sale": 0.35,
        "instalment_over_net_sales": 1.05,
        "worst_days_past_due_365d": 1.60,
    }
)
"""Log-odds of going bad that each behaviour is worth, from its safest to its riskiest value."""

PROCESS_THRESHOLDS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "attended_share": 0.72,
        "assignments_on_time_share": 0.55,
        "active_weeks_share_182d": 0.63,
        "monthly_net_sales_180d": 900_000.0,
        "sales_growth_90d": 0.78,
        "refund_share_365d": 0.035,
        "channel_concentration_182d": 0.70,
        "weekly_volatility_182d": 1.25,
        "days_since_last_sale": 9.0,
        "instalment_over_net_sales": 0.42,
        "worst_days_past_due_365d": 11.0,
    }
)
"""Where each behaviour turns, half of its weight on either side; units as in `behaviour.py`."""

PROCESS_SOFTNESS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "attended_share": -0.06,
        "assignments_on_time_share": -0.10,
        "active_weeks_share_182d": -0.05,
        "monthly_net_sales_180d": -0.10,
        "sales_growth_90d": -0.052,
        "refund_share_365d": 0.008,
        "channel_concentration_182d": 0.06,
        "weekly_volatility_182d": 0.10,
        "days_since_last_sale": 1.5,
        "instalment_over_net_sales": 0.06,
        "worst_days_past_due_365d": 2.5,
    }
)
_LOGGED_FROM: Final[Mapping[str, float]] = MappingProxyType(
    {"monthly_net_sales_180d": 1_000.0, "sales_growth_90d": 0.01}
)
_NO_RECORD: Final = 0.4


def log_odds(behaviour: pd.DataFrame, *, liquidity: Floats, hidden: Floats) -> Floats:
    """Log-odds of going bad, without the intercept.

    `behaviour` has a row per loan and the columns of `PROCESS_WEIGHTS`, missing where there is no
    record; `liquidity` and `hidden` have shape (loans,). Returns shape (loans,).
    """
    total = -LIQUIDITY_WEIGHT * liquidity - HIDDEN_WEIGHT * hidden
    for name, weight in PROCESS_WEIGHTS.items():
        total = total + weight * riskiness(name, behaviour[name].to_numpy(dtype=np.float64))
    return np.asarray(total, dtype=np.float64)


def riskiness(name: str, values: Floats) -> Floats:
    """`g_i`: 0 where the behaviour called `name` is safest, 1 where it is riskiest."""
    threshold = PROCESS_THRESHOLDS[name]
    if name in _LOGGED_FROM:
        values = np.log10(np.maximum(values, _LOGGED_FROM[name]))
        threshold = float(np.log10(threshold))
    risk = sigmoid((values - threshold) / PROCESS_SOFTNESS[name])
    return np.where(np.isnan(values), _NO_RECORD, risk)


def intercept(odds: Floats, *, bad_rate: float = BAD_RATE) -> float:
    """Return the `a` for which the mean of `sigmoid(a + odds)` is `bad_rate`, by bisection."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        if odds.size and float(sigmoid(middle + odds).mean()) > bad_rate:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def sigmoid(x: Floats) -> Floats:
    """Logistic function, safe for large arguments."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -40, 40))), dtype=np.float64)
