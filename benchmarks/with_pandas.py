"""All features of one founder in straightforward pandas, from the rows of the same database.

What an analyst would write: read the founder's rows that stand, and calculate column by column.
Pauses are taken out as ours are; the founder measured has no platform events.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

Values = dict[str, Any]

_TABLES = {
    "attendance": "event_day, session_kind, hours, status, minutes_late, assignment",
    "order_lines": "event_day, channel, entry, gross, discount, refund, refund_cause, buyer",
    "instalments": "event_day, loan, number, principal, interest",
    "repayments": "event_day, loan, amount",
    "loans": "event_day, reference, principal",
    "cash_flow_lines": "event_day, source, account, inflow, outflow, balance, purpose",
    "applications": "event_day, reference, principal, instalment",
    "pauses": "event_day, ends_day",
}


def features_with_pandas(connection: Connection, founder_id: int, as_of: date) -> Values:
    """Every feature that the founder's records give."""
    today = (as_of - date(1970, 1, 1)).days
    frames = {table: _read(connection, table, founder_id, today) for table in _TABLES}
    values = _attendance(frames["attendance"])
    values |= _sales(frames["order_lines"], frames["pauses"], today)
    values |= _repayment(frames["instalments"], frames["repayments"], frames["loans"], today)
    values |= _cash_flow(frames["cash_flow_lines"], today)
    return values | _application(frames["applications"], values)


def _read(connection: Connection, table: str, founder_id: int, today: int) -> pd.DataFrame:
    frame = pd.read_sql(
        text(
            f"SELECT {_TABLES[table]} FROM {table} WHERE founder_id = :founder "
            "AND event_day <= :today AND held IS NULL AND superseded_recorded_at IS NULL "
            "ORDER BY event_day, id"
        ),
        connection,
        params={"founder": founder_id, "today": today},
    )
    frame["age"] = today - frame["event_day"]
    return frame


def _attendance(rows: pd.DataFrame) -> Values:
    counted = rows[rows["status"] != "excused"]
    attended = counted["status"].isin(["present", "late"])
    hours = counted["hours"]
    given = counted["assignment"].dropna()
    third = len(counted) // 3
    mentoring = counted["session_kind"] == "mentoring"
    runs = (~attended).groupby(attended.cumsum()).sum()
    return {
        "attended_share": hours[attended].sum() / hours.sum(),
        "last_sessions_attended_share": attended.tail(12).mean(),
        "attendance_trend": attended.tail(third).mean() - attended.head(third).mean(),
        "longest_absence_run": runs.max(),
        "assignments_on_time_share": (given == "on_time").mean(),
        "assignments_handed_in_share": given.isin(["on_time", "late"]).mean(),
        "mentoring_meetings": (mentoring & attended).sum() if mentoring.any() else np.nan,
        "training_completed": float(attended.mean() >= 0.8),
        "late_share": (counted["minutes_late"][attended] > 10).mean(),
    }


def _sales(lines: pd.DataFrame, pauses: pd.DataFrame, today: int) -> Values:
    lines["sold"] = lines["gross"] - lines["discount"]
    lines["net"] = lines["sold"] - lines["refund"]
    sold = lines[lines["entry"] == "sale"]
    days = sold["event_day"].drop_duplicates().sort_values()
    gaps = pd.DataFrame({"first": days.shift() + 1, "last": days - 1, "age": today - days}).dropna()
    declared = pauses.rename(columns={"event_day": "first", "ends_day": "last"})
    candidates = pd.concat([gaps[gaps["age"] < 730], declared[["first", "last"]]])
    candidates["length"] = candidates["last"] - candidates["first"] + 1
    candidates = candidates[candidates["length"] > 0]
    first, last = 0, -1
    if len(candidates):
        longest = candidates.sort_values(["length", "first"]).iloc[-1]
        first = int(longest["first"])
        last = first + min(int(longest["length"]), 120) - 1
    for frame in (lines, sold := sold.copy()):
        after = (last - np.maximum(first - 1, frame["event_day"])).clip(lower=0)
        frame["clock"] = frame["age"] - after
        frame["counted"] = ~frame["event_day"].between(first, last)
    counted = sold[sold["counted"]]
    weekly = counted.groupby(counted["clock"] // 7)["sold"].sum()
    weeks = int((counted["clock"].max() + 1) // 7)
    recent = weekly.reindex(range(min(weeks, 26)), fill_value=0)
    half, year = sold[sold["age"] < 182], sold[sold["age"] < 365]
    channels = half.groupby("channel")["sold"].agg(["sum", "count"])
    buyers = (
        year.dropna(subset=["buyer"])
        .groupby("buyer")
        .agg(days=("event_day", "nunique"), sold=("sold", "sum"))
    )
    history = min(max(lines["age"].max() + 1, 30), 180)
    net = lines[lines["counted"]]
    quarter = net.loc[net["age"] < 90, "net"].sum() / 90
    before = net.loc[net["age"].between(90, 179), "net"].sum() / 90
    season = net.loc[net["age"].between(364, 453), "net"].sum() / 90
    caused = lines[(lines["refund_cause"] == "seller") & (lines["age"] < 365)]
    long_gaps = gaps[gaps["age"] < 365]
    inside = (long_gaps["last"].clip(upper=last) - long_gaps["first"].clip(lower=first) + 1).clip(
        lower=0
    )
    return {
        "monthly_net_sales_180d": lines.loc[lines["age"] < 180, "net"].sum() * 30 / history,
        "monthly_orders_180d": (sold["age"] < 180).sum() * 30 / history,
        "average_order_180d": sold.loc[sold["age"] < 180, "sold"].mean(),
        "longest_gap_days_365d": (long_gaps["last"] - long_gaps["first"] + 1 - inside).max(),
        "days_since_last_sale": sold["clock"].min(),
        "refund_share_365d": caused["refund"].sum() / year["gross"].sum(),
        "cancelled_share_365d": (caused["entry"] != "sale").sum() / len(year),
        "sales_history_months": min((lines["age"].max() + 1) // 30, 24),
        "sales_growth_90d": quarter / (season if sold["age"].max() >= 453 else before),
        "last_30d_over_180d": (net.loc[net["age"] < 30, "net"].sum() / 30)
        / (net.loc[net["age"] < 180, "net"].sum() / 180),
        "active_weeks_share_182d": (weekly.index < 26).sum() / min(weeks, 26),
        "active_weeks_share_364d": (weekly.index < 52).sum() / min(weeks, 52),
        "weekly_volatility_182d": recent.std(ddof=0) / recent.mean(),
        "channel_concentration_182d": ((channels["sum"] / channels["sum"].sum()) ** 2).sum(),
        "channels_182d": min((channels["count"] >= 3).sum(), 5),
        "repeat_buyer_share_365d": (buyers["days"] >= 2).mean(),
        "top_buyer_share_365d": buyers["sold"].max() / buyers["sold"].sum(),
    }


def _repayment(due: pd.DataFrame, paid: pd.DataFrame, loans: pd.DataFrame, today: int) -> Values:
    due["amount"] = due["principal"] + due["interest"]
    due["owed"] = due.groupby("loan")["amount"].cumsum()
    paid["received"] = paid.groupby("loan")["amount"].cumsum()
    pairs = due.merge(paid[["loan", "received", "event_day"]], on="loan", suffixes=("", "_paid"))
    enough = pairs[pairs["received"] * 100 >= pairs["owed"] * 100 - pairs["amount"]]
    settled = enough.groupby(["loan", "number"])["event_day_paid"].min().rename("settled")
    due = due.merge(settled, on=["loan", "number"], how="left")
    late = (due["settled"].fillna(today) - due["event_day"]).clip(lower=0)
    year, two = due["age"] < 365, due["age"] < 730
    is_settled = due["settled"].notna()
    partial = paid.merge(due[["loan", "amount"]].drop_duplicates("loan"), on="loan")
    repaid = paid.groupby("loan")["amount"].sum()
    principal = loans["principal"].sum()
    return {
        "on_time_share_730d": (late[two] <= 3).mean(),
        "prepaid_share_730d": (due["settled"] < due["event_day"])[two].mean(),
        "worst_days_past_due_365d": late[year].max(),
        "mean_days_past_due_365d": late[year].mean(),
        "days_past_due_rise": late.tail(3).mean() - late.iloc[-6:-3].mean(),
        "current_days_past_due": late[~is_settled].max() if (~is_settled).any() else 0,
        "months_since_late_30d": due.loc[late > 30, "age"].min() // 30,
        "instalments_settled": min(is_settled.sum(), 24),
        "partial_payment_share_730d": (partial["amount_x"] < partial["amount_y"] * 0.99).mean(),
        "loans_repaid": (
            repaid.reindex(loans["reference"]).fillna(0).values >= loans["principal"].values
        ).sum(),
        "outstanding_share": 1 - repaid.sum() / principal,
    }


def _cash_flow(lines: pd.DataFrame, today: int) -> Values:
    half, year = lines[lines["age"] < 180], lines[lines["age"] < 365]
    months = min(int(lines["age"].max() + 1) // 30, 6) if len(lines) else 0
    monthly = half.groupby(half["age"] // 30)["inflow"].sum().reindex(range(months), fill_value=0)
    quarter = lines.loc[lines["age"] < 90, "inflow"].sum()
    before = lines.loc[lines["age"].between(90, 179), "inflow"].sum()
    daily = _daily_balances(lines, today)
    return {
        "mean_balance_180d": daily.tail(180).mean(),
        "minimum_balance_90d": daily.tail(90).min(),
        "balance_volatility_180d": daily.tail(180).std(ddof=0) / daily.tail(180).mean(),
        "days_below_zero_180d": (daily.tail(180) < 0).sum(),
        "penalty_charges_365d": (year["purpose"] == "penalty").sum(),
        "monthly_inflow_180d": half["inflow"].sum() / 6,
        "outflow_over_inflow_180d": half["outflow"].sum() / max(half["inflow"].sum(), 1),
        "inflow_growth_90d": quarter / max(before, 1),
        "inflow_volatility_180d": monthly.std(ddof=0) / monthly.mean() if months else np.nan,
    }


def _daily_balances(lines: pd.DataFrame, today: int) -> pd.Series:
    """All accounts together, by day up to today; rows are taken for the order of a day's lines."""
    told = lines.dropna(subset=["balance"])
    if told.empty:
        return pd.Series(dtype=float)
    ends = told.pivot_table(
        index="event_day", columns=["source", "account"], values="balance", aggfunc="last"
    )
    return ends.reindex(range(int(ends.index.min()), today + 1)).ffill().sum(axis=1)


def _application(asked: pd.DataFrame, values: Values) -> Values:
    recent = asked[asked["age"] < 90].tail(1)
    instalment = recent["instalment"].max()
    return {
        "instalment_asked": instalment,
        "instalment_over_net_sales": instalment / values["monthly_net_sales_180d"],
        "instalment_over_inflow": instalment / max(values["monthly_inflow_180d"], 1),
        "instalment_over_balance": instalment / values["mean_balance_180d"],
    }
