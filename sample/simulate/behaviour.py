"""Behaviour before a loan, measured on the simulated records as of one day per founder.

The measures are the process's own, close to the product's features in meaning but not the same
code: the sample must not be built from what it is there to test.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sample.simulate.people import NEVER, Flags, Floats, Ints
from sample.simulate.sales import Pauses

_WEEKS: Final = 26
_FEWEST_SESSIONS: Final = 6
_FEWEST_ASSIGNMENTS: Final = 3
_MONTHS_IN_180_DAYS: Final = 180 / (365.25 / 12)


@dataclass(frozen=True)
class Records:
    """What was simulated before anything is lent: order lines, attendance and pauses."""

    lines: pd.DataFrame
    attendance: pd.DataFrame
    pauses: Pauses


def measure(records: Records, *, who: Ints, as_of: Ints) -> pd.DataFrame:
    """Return a row per entry of `who`, as of the end of day `as_of`; NaN where there is no record.

    Columns: `attended_share` and `assignments_on_time_share` (0 to 1, excused sessions taken out),
    `active_weeks_share_182d` (0 to 1 of the weeks since the first sale), `monthly_net_sales_180d`
    (KRW), `sales_growth_90d` (last 90 days over the 90 before), `refund_share_365d`
    (seller's fault, over gross), `channel_concentration_182d` (Herfindahl, 0 to 1),
    `weekly_volatility_182d` (standard deviation over mean) and `days_since_last_sale`. Paused days
    are cut out, so that what came before a pause moves up to its end.
    """
    entries = pd.DataFrame({"who": who, "as_of": as_of})
    entries["entry"] = np.arange(who.size)
    seen = entries.merge(records.lines, on="who")
    seen = seen[seen["day"] <= seen["as_of"]]
    seen = seen.assign(age=_age_without_pause(records.pauses, seen))
    sales = _measure_sales(seen, who.size)
    return sales.join(_measure_attendance(entries, records.attendance, who.size))


def monthly_net_sales(records: Records, *, who: Ints, as_of: Ints) -> Floats:
    """KRW a month over the last 180 days, shape of `who`."""
    measured = measure(records, who=who, as_of=as_of)
    return measured["monthly_net_sales_180d"].to_numpy(dtype=np.float64)


def _age_without_pause(pauses: Pauses, seen: pd.DataFrame) -> Ints:
    who, day, as_of = (seen[name].to_numpy(dtype=np.int64) for name in ("who", "day", "as_of"))
    first = np.maximum(pauses.first_day[who], day + 1)
    last = np.minimum(pauses.last_day[who], as_of)
    return np.asarray(as_of - day - np.maximum(0, last - first + 1), dtype=np.int64)


def _measure_sales(seen: pd.DataFrame, entries: int) -> pd.DataFrame:
    entry = seen["entry"].to_numpy(dtype=np.int64)
    age = seen["age"].to_numpy(dtype=np.int64)
    gross = seen["gross"].to_numpy(dtype=np.float64)
    refund = np.where(seen["refunded_on"] <= seen["as_of"], seen["refund"], 0).astype(np.float64)
    net = gross - seen["discount"].to_numpy(dtype=np.float64) - refund
    fault = np.where(seen["refund_cause"] == "seller", refund, 0.0)

    def total(values: Floats, *, younger_than: int, from_age: int = 0) -> Floats:
        kept = np.where((age >= from_age) & (age < younger_than), values, 0.0)
        return _total(entry, kept, entries)

    oldest = _per_entry(np.maximum, entry, age, entries, start=-1)
    youngest = _per_entry(np.minimum, entry, age, entries, start=NEVER)
    weekly = np.zeros((entries, _WEEKS))
    inside = age < 7 * _WEEKS
    np.add.at(weekly, (entry[inside], age[inside] // 7), gross[inside])
    weeks_open = np.clip((oldest + 7) // 7, 1, _WEEKS)
    counted = np.arange(_WEEKS)[None, :] < weeks_open[:, None]
    mean = (weekly * counted).sum(axis=1) / weeks_open
    spread = np.sqrt((((weekly - mean[:, None]) ** 2) * counted).sum(axis=1) / weeks_open)
    by_channel = np.zeros((entries, 10))
    recent = age < 182
    np.add.at(by_channel, (entry[recent], seen["channel"].to_numpy()[recent]), gross[recent])
    last, before = total(net, younger_than=90), total(net, younger_than=180, from_age=90)
    months = np.clip((oldest + 1) / (365.25 / 12), 1.0, _MONTHS_IN_180_DAYS)
    return pd.DataFrame(
        {
            "active_weeks_share_182d": (weekly > 0).sum(axis=1) / weeks_open,
            "monthly_net_sales_180d": total(net, younger_than=180) / months,
            "sales_growth_90d": np.where(
                oldest >= 150,
                np.maximum(last + 100_000, 0) / (np.maximum(before, 0) + 100_000),
                np.nan,
            ),
            "refund_share_365d": _ratio(
                total(fault, younger_than=365), total(gross, younger_than=365)
            ),
            "channel_concentration_182d": _ratio(
                (by_channel**2).sum(axis=1), by_channel.sum(axis=1) ** 2
            ),
            "weekly_volatility_182d": _ratio(spread, mean),
            "days_since_last_sale": np.where(oldest < 0, np.nan, youngest.astype(np.float64)),
        }
    )


def _measure_attendance(entries: pd.DataFrame, attendance: pd.DataFrame, size: int) -> pd.DataFrame:
    seen = entries.merge(attendance, on="who")
    seen = seen[(seen["held_on"] <= seen["as_of"]) & (seen["status"] != "excused")]
    entry = seen["entry"].to_numpy(dtype=np.int64)

    def count(flags: "pd.Series[bool] | Flags") -> Floats:
        return _total(entry, np.asarray(flags, dtype=np.float64), size)

    held = np.bincount(entry, minlength=size).astype(np.float64)
    given = count(seen["assignment"].isin(["on_time", "late", "missing"]))
    came = count(seen["status"] != "absent")
    on_time = count(seen["assignment"] == "on_time")
    return pd.DataFrame(
        {
            "attended_share": np.where(held >= _FEWEST_SESSIONS, _ratio(came, held), np.nan),
            "assignments_on_time_share": np.where(
                given >= _FEWEST_ASSIGNMENTS, _ratio(on_time, given), np.nan
            ),
        }
    )


def _total(entry: Ints, values: Floats, entries: int) -> Floats:
    totals = np.bincount(entry, weights=values, minlength=entries)
    return np.asarray(totals, dtype=np.float64)


def _per_entry(reduce: np.ufunc, entry: Ints, values: Ints, entries: int, *, start: int) -> Ints:
    result = np.full(entries, start, dtype=np.int64)
    reduce.at(result, entry, values)
    return result


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
