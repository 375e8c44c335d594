"""Labels: what became of each loan, as far as it is known at an instant.

A loan with a schedule is judged by its days past due at the end of its performance window, which
runs from its first due day. A loan whose window is still open has no label, not even when it is 90
days past due already: counting the early bad without the goods of the same age would make young
loans look worse than they are. One bad loan makes the borrower bad: a loan is also bad when another
loan of the same borrower goes bad within its window. A lender that sends no schedule may declare
the outcome itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from scoring.base.calendar import day_number, day_of, today
from scoring.base.errors import InputError
from scoring.features.engines.lake import Lake
from scoring.features.kinds.days_past_due import IMMATERIAL_PERCENT
from scoring.store.tables import Application, DeclaredOutcome, Instalment, Loan

COLUMNS = ["founder_id", "kind", "reference", "lender", "origin", "as_of", "outcome"]
_LOAN = ["founder_id", "reference"]
_GRANTED_WITHIN = 60  # days from an application to the loan that it led to


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

    @classmethod
    def of(cls, *, bad_days: int = 90, window_months: int = 12) -> OutcomeDefinition:
        """As an analyst says it; a month is a twelfth of 365 days.

        Raises:
            InputError: no loan could be so long past due within the window.
        """
        window = round(window_months * 365 / 12)
        if not 0 < bad_days <= window:
            raise InputError(
                f"Within a window of {window} days no loan gets {bad_days} days past due. "
                "Give fewer days or more months."
            )
        return cls(bad_days, min(cls.indeterminate_days_past_due, bad_days), window)

    def as_dict(self) -> dict[str, int]:
        """Plain data for the lineage, with the share of an instalment that is immaterial."""
        return asdict(self) | {"immaterial_percent": IMMATERIAL_PERCENT}


def labels_known(
    lake: Lake,
    *,
    known_at: datetime,
    zone: ZoneInfo,
    definition: OutcomeDefinition | None = None,
) -> pd.DataFrame:
    """One row per loan with a schedule and per declared outcome, in a fixed order.

    Args:
        lake: the records of those who allow training.
        known_at: what was recorded by then counts, and windows that closed before its day.
        zone: the installation's time zone.
        definition: when a loan is bad.

    Returns:
        Columns `founder_id`, `kind` (loan or application), `reference`, `lender`, `origin` (lender
        or external), `as_of` (the last day before the decision: the day before disbursement, or
        the day of the application) and `outcome` (`Outcome`).
    """
    judged = _loans(lake, known_at, zone, definition or OutcomeDefinition())
    declared = _not_in_the_ledger(_declared(lake, known_at), judged)
    labels = pd.concat([judged, declared], ignore_index=True)[COLUMNS]
    return labels.sort_values(["as_of", "founder_id", "kind", "reference"], ignore_index=True)


def _loans(
    lake: Lake, known_at: datetime, zone: ZoneInfo, definition: OutcomeDefinition
) -> pd.DataFrame:
    loans = lake.standing(Loan, known_at=known_at).drop_duplicates(_LOAN)
    schedule = lake.standing(Instalment, known_at=known_at).rename(columns={"loan": "reference"})
    first_due = schedule.groupby(_LOAN)["event_day"].min().rename("first_due")
    loans = loans.merge(first_due.reset_index(), on=_LOAN)
    loans["window_end"] = loans["first_due"] + definition.performance_window_days
    dues = _instalments(lake, loans, known_at, zone)
    loans = loans.merge(_worst_days_past_due(loans, dues), on=_LOAN, how="left")
    loans = loans.merge(_borrower_went_bad(loans, dues, definition), on=_LOAN, how="left")
    return loans.assign(
        kind="loan",
        as_of=[day_of(int(day) - 1) for day in loans["event_day"]],
        outcome=np.select(
            [
                loans["window_end"] >= day_number(today(known_at, zone)),
                loans["went_bad"].eq(True),
                loans["worst"] >= definition.indeterminate_days_past_due,
            ],
            [Outcome.OPEN.value, Outcome.BAD.value, Outcome.INDETERMINATE.value],
            Outcome.GOOD.value,
        ).astype(object),
    )


def _instalments(
    lake: Lake, loans: pd.DataFrame, known_at: datetime, zone: ZoneInfo
) -> pd.DataFrame:
    """Instalments due of the loans by all that is known now: `due_day`, `settled` (inf if not).

    A repayment that was reported late is still a repayment: what is known after the window
    corrects the label, though it may not touch a feature.
    """
    points = pd.DataFrame({"founder_id": loans["founder_id"].unique()})
    points = points.assign(as_of=today(known_at, zone))
    dues = lake.instalments(points, known_at=known_at, zone=zone)
    dues["founder_id"] = points["founder_id"].to_numpy()[dues["point"].to_numpy(dtype=int)]
    dues = dues.rename(columns={"loan": "reference"}).merge(loans[_LOAN], on=_LOAN)
    dues["settled"] = dues["settled_day"].astype(float).fillna(np.inf)
    return dues[[*_LOAN, "due_day", "settled"]]


def _worst_days_past_due(loans: pd.DataFrame, dues: pd.DataFrame) -> pd.DataFrame:
    """`worst`: most days past due of each loan within its window."""
    within = dues.merge(loans[[*_LOAN, "window_end"]], on=_LOAN)
    within = within[within["due_day"] <= within["window_end"]]
    end = np.minimum(within["settled"], within["window_end"])
    within["worst"] = np.maximum(end - within["due_day"], 0)
    return within.groupby(_LOAN)["worst"].max().reset_index()


def _borrower_went_bad(
    loans: pd.DataFrame, dues: pd.DataFrame, definition: OutcomeDefinition
) -> pd.DataFrame:
    """`went_bad`: whether this or another loan of the borrower did within this loan's window."""
    windows = loans[[*_LOAN, "first_due", "window_end"]]
    of_borrower = windows.merge(dues.drop(columns="reference"), on="founder_id")
    bad_from = of_borrower["due_day"] + definition.bad_days_past_due
    of_borrower["went_bad"] = bad_from.between(
        of_borrower["first_due"], of_borrower["window_end"]
    ) & (of_borrower["settled"] >= bad_from)
    return of_borrower.groupby(_LOAN)["went_bad"].any().reset_index()


def _declared(lake: Lake, known_at: datetime) -> pd.DataFrame:
    outcomes = lake.standing(DeclaredOutcome, known_at=known_at)
    found = outcomes[["founder_id", "application", "outcome"]].merge(
        lake.standing(Application, known_at=known_at)[[*_LOAN, "lender", "event_day"]],
        left_on=["founder_id", "application"],
        right_on=_LOAN,
    )
    found = found.drop_duplicates(_LOAN)
    return found.assign(
        kind="application",
        origin="lender",
        as_of=[day_of(int(day)) for day in found["event_day"]],
    )


def _not_in_the_ledger(declared: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Leave out what was declared of a loan whose instalments are known: the ledger says it."""
    pairs = declared[[*_LOAN, "lender", "event_day"]].merge(
        judged[["founder_id", "lender", "event_day"]],
        on=["founder_id", "lender"],
        suffixes=("", "_granted"),
    )
    days = pairs["event_day_granted"] - pairs["event_day"]
    told = pairs[days.between(0, _GRANTED_WITHIN)][_LOAN].drop_duplicates()
    marked = declared.merge(told, on=_LOAN, how="left", indicator=True)
    return marked[marked["_merge"] == "left_only"]
