"""Whose shops the exports are of: founders of the sample portfolio, and what they sold of late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from sample.exports.lines import Line, order_lines
from sample.simulate import Portfolio

_WINDOW = timedelta(days=110)
_FEWEST, _MOST = 60, 250


def shop_of(
    portfolio: Portfolio, channels: Sequence[str], *, prefix: str
) -> tuple[str, list[Line]]:
    """A founder who sells on the channels, with the order lines of the last months.

    Of those with neither few nor many lines, it is the one who gave back most often, since that
    is where exports differ; the portfolio's own order decides where that is the same.
    """
    sales = pd.concat([portfolio.sales[name] for name in channels], ignore_index=True)
    begin = pd.Timestamp(portfolio.until - _WINDOW)
    late = sales[(sales["ordered_on"] > begin) & sales["buyer"].notna()]
    by_founder = late.groupby("founder", sort=False)
    counts = by_founder.size()
    fitting = counts.between(_FEWEST, _MOST) & (by_founder["channel"].nunique() == len(channels))
    back = by_founder["refund"].count()[fitting]
    founder = str(back.index[back == back.max()][0])
    own = late[late["founder"] == founder].sort_values("ordered_on", kind="stable")
    return founder, order_lines(own, prefix=prefix)


def account_of(portfolio: Portfolio) -> tuple[str, pd.DataFrame]:
    """A founder with a bank account, and its lines of the last months."""
    lines = portfolio.cash_flow
    late = lines[lines["booked_on"] > pd.Timestamp(portfolio.until - 2 * _WINDOW)]
    kinds = late.groupby("founder", sort=False)["purpose"].nunique()
    founder = str(kinds.index[kinds == kinds.max()][0])
    return founder, late[late["founder"] == founder].reset_index(drop=True)


def between(lines: Sequence[Line], first: date, last: date) -> list[Line]:
    """Lines ordered on days from the first to the last."""
    return [line for line in lines if first <= line.ordered_on <= last]
