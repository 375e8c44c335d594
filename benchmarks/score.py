"""One founder's score, written and audited, against its features alone.

The founder has 1,000 order lines, 60 attendance rows and two loans. The features themselves are
measured against pandas by `benchmarks.features`.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from benchmarks.figures import figure, median_seconds, write_figures
from scoring.base.settings import Settings
from scoring.features.engines.one_founder import one_founder
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.store.database import Database
from tests.builders import a_founder, a_lender, an_expert_model, import_rows


def main() -> None:
    """Run and write `results/score.jsonl`."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Settings(data_dir=Path(folder), database_url=None))
        database.migrate()
        founder = founder_with_a_thousand_orders(database)
        zone, today = database.settings.zone, database.today
        with database.reading() as session:
            founder_id = find_founder(session, founder.reference).id
            known_at = database.clock()
            ours = median_seconds(
                lambda: one_founder(session, founder_id, as_of=today, known_at=known_at, zone=zone)
            )
        scored = median_seconds(founder.scored)
    write_figures(
        "score",
        [
            figure(
                "a whole score, written and audited, over its features alone, seconds",
                ours=scored,
                baseline=ours,
                goal=6.0,
            ),
        ],
    )


def founder_with_a_thousand_orders(database: Database):  # noqa: ANN202
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


if __name__ == "__main__":
    main()
