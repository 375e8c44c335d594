"""A founder's money at the end of each day, over all accounts.

An account is what one source calls by one name. Its balance at the end of a day is the balance
that no line of that day goes on from: files give the lines of a day in either order, so the order
of rows says nothing. Where a day's lines lead back to where they began, the balance of the day
before holds; where there is none, or lines are missing between, the lowest counts.

A balance holds until the account's next line that tells one. The money of a day is the sum over
all accounts known by then; an account is known from its first line with a balance on. One without
such a line in the last 180 days is left out: a statement so old says nothing of today.

There is one row per day on which the sum was told anew, with the day of the next, so that a mean
over days needs no calendar.
"""

from __future__ import annotations

from functools import lru_cache

import ibis
import ibis.expr.types as ir

from scoring.features.known import Known

STILL_TOLD = 180  # days back in which an account must have a line, and the longest window
_ACCOUNT = ("point", "source", "account")
_DAY = (*_ACCOUNT, "as_of_day", "event_day")


@lru_cache(maxsize=8)
def daily_balances(known: Known) -> ir.Table:
    """The sum of balances from a day on, up to the day before `next_day`.

    Columns: `point`, `as_of_day`, `event_day`, `next_day` (the day after the point's where nothing
    follows), `age` (of `event_day`), `balance` (minor units), `lines` (with a balance, on that
    day).
    """
    days = _of_each_account(known)
    in_order = ibis.window(group_by=_ACCOUNT, order_by="event_day")
    before = days.balance.lag().over(in_order).coalesce(0)
    changes = days.mutate(change=days.balance - before)
    changes = changes.group_by("point", "as_of_day", "event_day").aggregate(
        change=changes.change.sum(), lines=changes.lines.sum()
    )
    so_far = ibis.cumulative_window(group_by="point", order_by="event_day")
    in_order = ibis.window(group_by="point", order_by="event_day")
    return changes.select(
        *("point", "as_of_day", "event_day", "lines"),
        age=changes.as_of_day - changes.event_day,
        balance=changes.change.sum().over(so_far),
        next_day=changes.event_day.lead().over(in_order).coalesce(changes.as_of_day + 1),
    )


def days_held(balances: ir.Table, window: int) -> ir.IntegerColumn:
    """How many of the last `window` days a balance held."""
    begins = ibis.greatest(balances.event_day, balances.as_of_day - (window - 1))
    return ibis.greatest(balances.next_day - begins, 0)


def mean_over_days(balances: ir.Table, value: ir.NumericValue, window: int) -> ir.FloatingScalar:
    """Mean of a value of the balances over those of the last `window` days that have one."""
    days = days_held(balances, window)
    mean: ir.FloatingScalar = (value * days).sum().cast("float64") / days.sum().nullif(0)
    return mean


def _of_each_account(known: Known) -> ir.Table:
    """The balance of each account at the end of each day that tells one: `balance` and `lines`."""
    days = _ends_of_days(known)
    of_account = ibis.window(group_by=_ACCOUNT)
    days = days.mutate(
        first_day=days.event_day.min().over(of_account),
        last_day=days.event_day.max().over(of_account),
    )
    days = days.filter(
        days.last_day > days.as_of_day - STILL_TOLD,
        days.end.notnull() | (days.event_day == days.first_day),
    )
    return days.select(*_DAY, "lines", balance=days.end.coalesce(days.lowest))


def _ends_of_days(known: Known) -> ir.Table:
    """Days of accounts with `end`, the lowest balance that no line of the day goes on from."""
    lines = known.cash_flow.filter(known.cash_flow.balance.notnull())
    lines = lines.mutate(opening=lines.balance - lines.inflow + lines.outflow)
    after = lines.group_by(*_DAY, "balance").aggregate(lines=lines.count())
    before = lines.group_by(*_ACCOUNT, "event_day", "opening").aggregate(gone_on=lines.count())
    before = before.rename({f"before_{name}": name for name in (*_ACCOUNT, "event_day")})
    beside = after.left_join(
        before,
        [
            *(after[name] == before[f"before_{name}"] for name in (*_ACCOUNT, "event_day")),
            after.balance == before.opening,
        ],
    )
    is_end = beside.lines > beside.gone_on.coalesce(0)
    return beside.group_by(*_DAY).aggregate(
        end=beside.balance.min(where=is_end),
        lowest=beside.balance.min(),
        lines=beside.lines.sum(),
    )
