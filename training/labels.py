"""Labels: what became of each loan, as far as it is known at an instant.

A loan with a schedule is judged by its days past due at the end of its performance window, which
runs from its first due day. A loan whose window is still open has no label, not even when it is 90
days past due already: counting the early bad without the goods of the same age would make young
loans look worse than they are. A lender that sends no schedule may declare the outcome itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from scoring.calendar import day_number, day_of, microseconds, today
from scoring.features.build import Lake
from scoring.records.tables import Application, DeclaredOutcome, Instalment, Loan, Record

COLUMNS = ["founder_id", "kind", "reference", "as_of", "outcome"]


class Outcome(StrEnum):
    """What became of a loan."""

    GOOD = "good"
    BAD = "bad"
    INDETERMINATE = "indeterminate"
    OPEN = "open"


@dataclass(frozen=True)
class OutcomeDefinition:
    """When a loan is bad; kept with every model that was trained by it.

    Attributes:
        bad_days_past_due: from so many days past due within the window a loan is bad.
        indeterminate_days_past_due: from so many it is neither, and left out.
        performance_window_days: length of the window, from the first due day on.
    """

    bad_days_past_due: int = 90
    indeterminate_days_past_due: int = 30
    performance_window_days: int = 365

    def as_dict(self) -> dict[str, int]:
        """Plain data for the lineage."""
        return asdict(self)


def labels_known(
    lake: Lake,
    founder_ids: Collection[int],
    *,
    known_at: datetime,
    zone: ZoneInfo,
    definition: OutcomeDefinition | None = None,
) -> pd.DataFrame:
    """One row per loan with a schedule and per declared outcome, in a fixed order.

    Args:
        lake: the records.
        founder_ids: whose loans; only those who allow training.
        known_at: what was recorded by then counts, and windows that closed before its day.
        zone: the installation's time zone.
        definition: when a loan is bad.

    Returns:
        Columns `founder_id`, `kind` (loan or application), `reference`, `as_of` (the last day
        before the decision: the day before disbursement, or the day of the application) and
        `outcome` (`Outcome`).
    """
    judged = _loans(lake, founder_ids, known_at, zone, definition or OutcomeDefinition())
    declared = _declared(lake, founder_ids, known_at)
    labels = pd.concat([judged, declared], ignore_index=True)[COLUMNS]
    return labels.sort_values(["as_of", "founder_id", "kind", "reference"], ignore_index=True)


def standing(
    lake: Lake, table: type[Record], founder_ids: Collection[int], known_at: datetime
) -> pd.DataFrame:
    """Rows of a record kind that stood at an instant, those of the given founders, by id."""
    instant = microseconds(known_at)
    rows = lake.connection.execute(
        f'SELECT * FROM "{table.__tablename__}" WHERE recorded_at <= ? AND '
        "(superseded_recorded_at IS NULL OR superseded_recorded_at > ?) ORDER BY id",
        [instant, instant],
    ).df()
    return rows[rows["founder_id"].isin(list(founder_ids))]


def _loans(
    lake: Lake,
    founder_ids: Collection[int],
    known_at: datetime,
    zone: ZoneInfo,
    definition: OutcomeDefinition,
) -> pd.DataFrame:
    loans = standing(lake, Loan, founder_ids, known_at).drop_duplicates(["founder_id", "reference"])
    schedule = standing(lake, Instalment, founder_ids, known_at)
    schedule = schedule.rename(columns={"loan": "reference"})
    first_due = schedule.groupby(["founder_id", "reference"])["event_day"].min()
    loans = loans.merge(first_due.rename("first_due").reset_index(), on=["founder_id", "reference"])
    loans["window_end"] = loans["first_due"] + definition.performance_window_days
    loans = loans.merge(
        _worst_days_past_due(lake, loans, known_at, zone),
        on=["founder_id", "reference"],
        how="left",
    )
    worst = loans["worst"].to_numpy(dtype=float)
    is_open = loans["window_end"] >= day_number(today(known_at, zone))
    return loans.assign(
        kind="loan",
        as_of=[day_of(int(day) - 1) for day in loans["event_day"]],
        outcome=np.select(
            [
                is_open,
                worst >= definition.bad_days_past_due,
                worst >= definition.indeterminate_days_past_due,
            ],
            [Outcome.OPEN.value, Outcome.BAD.value, Outcome.INDETERMINATE.value],
            Outcome.GOOD.value,
        ).astype(object),
    )


def _worst_days_past_due(
    lake: Lake, loans: pd.DataFrame, known_at: datetime, zone: ZoneInfo
) -> pd.DataFrame:
    """Most days past due of each loan within its window, by all that is known now.

    A repayment that was reported late is still a repayment: what is known after the window
    corrects the label, though it may not touch a feature.
    """
    now = today(known_at, zone)
    points = pd.DataFrame({"founder_id": loans["founder_id"].unique()}).assign(as_of=now)
    dues = lake.instalments(points, known_at=known_at, zone=zone)
    dues["founder_id"] = points["founder_id"].to_numpy()[dues["point"].to_numpy(dtype=int)]
    dues = dues.rename(columns={"loan": "reference"}).merge(
        loans[["founder_id", "reference", "window_end"]], on=["founder_id", "reference"]
    )
    dues = dues[dues["due_day"] <= dues["window_end"]]
    settled = dues["settled_day"].astype(float).fillna(np.inf)
    end = np.minimum(settled, np.minimum(dues["window_end"], day_number(now)))
    dues["worst"] = np.maximum(end - dues["due_day"], 0)
    return dues.groupby(["founder_id", "reference"])["worst"].max().reset_index()


def _declared(lake: Lake, founder_ids: Collection[int], known_at: datetime) -> pd.DataFrame:
    outcomes = standing(lake, DeclaredOutcome, founder_ids, known_at)
    applications = standing(lake, Application, founder_ids, known_at)
    found = outcomes[["founder_id", "application", "outcome"]].merge(
        applications[["founder_id", "reference", "event_day"]],
        left_on=["founder_id", "application"],
        right_on=["founder_id", "reference"],
    )
    found = found.drop_duplicates(["founder_id", "reference"])
    return found.assign(kind="application", as_of=[day_of(int(day)) for day in found["event_day"]])
