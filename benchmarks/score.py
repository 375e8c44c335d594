"""One founder's features and score against a plain pandas calculation from the same database.

The founder has 1,000 order lines, 60 attendance rows and two loans. The baseline reads the rows
and calculates the sales features alone; ours gives all features.
"""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
from sqlalchemy import select

from benchmarks.figures import figure, median_seconds, write_figures
from scoring.features.one_founder import one_founder
from scoring.records.database import Database
from scoring.records.intake.forms import RecordKind
from scoring.records.parties import find_founder
from scoring.records.tables import OrderLine
from scoring.settings import Settings
from tests.builders import a_founder, a_lender, an_expert_model, import_rows


def main() -> None:
    """Run and write `results/score.jsonl`."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Settings(data_dir=Path(folder), database_url=None))
        database.migrate()
        founder = _founder_with_a_thousand_orders(database)
        zone, today = database.settings.zone, database.today
        with database.reading() as session:
            founder_id = find_founder(session, founder.reference).id
            known_at = database.clock()
            ours = median_seconds(
                lambda: one_founder(session, founder_id, as_of=today, known_at=known_at, zone=zone)
            )
            baseline = median_seconds(lambda: _with_pandas(session, founder_id, today))
        scored = median_seconds(founder.scored)
    write_figures(
        "score",
        [
            figure("all features of one founder, seconds", ours=ours, baseline=baseline, goal=1.0),
            figure(
                "a whole score, written and audited, over its features alone, seconds",
                ours=scored,
                baseline=ours,
                goal=6.0,
            ),
        ],
    )


def _founder_with_a_thousand_orders(database: Database):  # noqa: ANN202
    a_lender(database)
    an_expert_model(database)
    founder = a_founder(database).attending(50, of=60)
    today = database.today
    import_rows(
        database,
        RecordKind.SALES,
        [
            {
                "founder": founder.reference,
                "channel": f"channel-{number % 4}",
                "order_line": f"O{number}",
                "ordered_on": today - timedelta(days=number * 2 // 3),
                "quantity": 1,
                "gross": 20_000 + 37 * number,
                "currency": "KRW",
                "buyer": f"b{number % 300}",
            }
            for number in range(1000)
        ],
    )
    for number, ago in enumerate((500, 250)):
        founder.borrowing(
            3_000_000,
            loan=f"N-{number}",
            disbursed_on=today - timedelta(days=ago),
            paid=min(12, ago // 30 - 1),
            late_days=2,
        )
    return founder.consenting(to="L-DEMO")


def _with_pandas(session, founder_id: int, today: date) -> dict[str, float]:  # noqa: ANN001
    rows = session.execute(
        select(
            OrderLine.channel,
            OrderLine.buyer,
            OrderLine.entry,
            OrderLine.event_date,
            OrderLine.gross,
            OrderLine.discount,
            OrderLine.refund,
        ).where(OrderLine.founder_id == founder_id)
    ).all()
    lines = pd.DataFrame([tuple(row) for row in rows], columns=rows[0]._fields)
    lines["age"] = (pd.Timestamp(today) - pd.to_datetime(lines["event_date"])).dt.days
    lines["net"] = lines["gross"] - lines["discount"] - lines["refund"]
    sold = lines[lines["entry"] == "sale"]
    half, year = sold[sold["age"] < 182], sold[sold["age"] < 365]
    weekly = half.groupby(half["age"] // 7)["net"].sum().reindex(range(26), fill_value=0)
    by_channel = half.groupby("channel")["net"].sum()
    days_by_buyer = year.groupby("buyer")["event_date"].nunique()
    before = lines.loc[lines["age"].between(90, 179), "net"].sum()
    return {
        "monthly_net_sales_180d": lines.loc[lines["age"] < 180, "net"].sum() / 6,
        "sales_growth_90d": lines.loc[lines["age"] < 90, "net"].sum() / before,
        "active_weeks_share_182d": (weekly > 0).mean(),
        "weekly_volatility_182d": weekly.std(ddof=0) / weekly.mean(),
        "days_since_last_sale": sold["age"].min(),
        "refund_share_365d": lines.loc[lines["age"] < 365, "refund"].sum() / year["gross"].sum(),
        "channel_concentration_182d": ((by_channel / by_channel.sum()) ** 2).sum(),
        "repeat_buyer_share_365d": (days_by_buyer >= 2).mean(),
        "sales_history_months": (lines["age"].max() + 1) // 30,
    }


if __name__ == "__main__":
    main()
