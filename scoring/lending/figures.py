"""The figures of a lender's book on a day: arrears, ageing, portfolio at risk, vintages.

Each is made of one row per loan (`features/kinds/book.py`), so of the same days past due as
features, labels and facts. Portfolio at risk is CGAP's: outstanding principal of loans more than
so many days past due, over all outstanding principal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import day_of
from scoring.base.errors import NotFoundError
from scoring.features.engines.lake import Lake
from scoring.parties.founders import references_of
from scoring.store.tables import Lender, Loan

AGEING = ((0, 0), (1, 30), (31, 60), (61, 90), (91, 180), (181, None))
FORMULAS = {
    "par30": "outstanding principal of loans more than 30 days past due / outstanding principal",
    "par90": "outstanding principal of loans more than 90 days past due / outstanding principal",
    "par30_with_rescheduled": "the same as par30, with all outstanding principal of rescheduled "
    "loans above the line",
    "repayment_rate": "received for schedules in force, at most what fell due / what fell due",
    "write_off_ratio": "written off so far / principal paid out so far",
}


@dataclass(frozen=True)
class BookFigures:
    """A book on a day, amounts in minor units of its one currency.

    Attributes:
        lender: reference.
        on: the day.
        known_at: what was recorded by then counted.
        loans: one row per loan, columns of `book_loans` and `founder`, a reference.
    """

    lender: str
    on: date
    known_at: datetime
    loans: pd.DataFrame

    @property
    def currencies(self) -> list[str]:
        """Of the loans; each has figures of its own."""
        return sorted(self.loans["currency"].unique())

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the API, `--json` and the page."""
        return {
            "lender": self.lender,
            "on": self.on.isoformat(),
            "formulas": FORMULAS,
            "currencies": [
                {"currency": currency, **_figures(self.loans[self.loans["currency"] == currency])}
                for currency in self.currencies
            ],
        }


def book_figures(
    session: Session, lender: Lender, *, on: date, known_at: datetime, zone: ZoneInfo
) -> BookFigures:
    """The figures of a lender's book for any day, as known at any moment.

    Args:
        session: an open transaction.
        lender: whose book.
        on: as of the end of this day.
        known_at: only what was recorded by then counts.
        zone: the installation's.

    Raises:
        NotFoundError: the lender has no loans on file by that day.
    """
    borrowers = sorted(
        set(session.scalars(select(Loan.founder_id).where(Loan.lender == lender.reference)))
    )
    lake = Lake(session, borrowers)
    return figures_of(lake, session, lender, borrowers, on=on, known_at=known_at, zone=zone)


def figures_of(
    lake: Lake,
    session: Session,
    lender: Lender,
    borrowers: list[int],
    *,
    on: date,
    known_at: datetime,
    zone: ZoneInfo,
) -> BookFigures:
    """The figures from records that were copied already; for several days of one book.

    Raises:
        NotFoundError: the lender has no loans on file by that day.
    """
    points = pd.DataFrame(
        {
            "founder_id": borrowers,
            "as_of": [on] * len(borrowers),
            "loans_of": [lender.reference] * len(borrowers),
        }
    )
    loans = pd.DataFrame() if points.empty else lake.book(points, known_at=known_at, zone=zone)
    if loans.empty:
        raise NotFoundError(f"Lender {lender.reference} has no loans on file by {on}.")
    references = references_of(session, borrowers)
    founders = [references[borrowers[point]] for point in loans["point"]]
    return BookFigures(lender.reference, on, known_at, loans.assign(founder=founders))


def _figures(loans: pd.DataFrame) -> dict[str, Any]:
    outstanding = int(loans["outstanding"].sum())
    rescheduled = loans["schedule"] > 0
    late = loans["days_past_due"]

    def at_risk(chosen: pd.Series[bool]) -> float | None:
        return int(loans.loc[chosen, "outstanding"].sum()) / outstanding if outstanding else None

    due = int(loans["due"].sum())
    paid = int(np.minimum(loans["due"], loans["received"]).sum())
    lent = int(loans["principal"].sum())
    lost = int(loans["written_off"].sum())
    return {
        "loans": len(loans),
        "running": int(loans["closed_day"].isna().sum()),
        "principal_paid_out": lent,
        "outstanding_principal": outstanding,
        "rescheduled_outstanding": int(loans.loc[rescheduled, "outstanding"].sum()),
        "past_due": int(loans["past_due"].sum()),
        "par30": at_risk(late > 30),
        "par90": at_risk(late > 90),
        "par30_with_rescheduled": at_risk((late > 30) | rescheduled),
        "par30_contractual": at_risk(loans["contractual_days_past_due"] > 30),
        "repayment_rate": paid / due if due else None,
        "written_off": lost,
        "recovered": int(loans["recovered"].sum()),
        "write_off_ratio": lost / lent if lent else None,
        "reported_through": day_of(int(loans["through_day"].min())).isoformat(),
        "ageing": _ageing(loans),
        "arrears": _arrears(loans),
        "vintages": _vintages(loans),
    }


def _ageing(loans: pd.DataFrame) -> list[dict[str, Any]]:
    running = loans[loans["outstanding"] > 0]
    buckets = []
    for first, last in AGEING:
        inside = running["days_past_due"] >= first
        if last is not None:
            inside &= running["days_past_due"] <= last
        buckets.append(
            {
                "days": f"{first}"
                if first == last
                else f"{first}+"
                if last is None
                else f"{first}-{last}",
                "loans": int(inside.sum()),
                "outstanding_principal": int(running.loc[inside, "outstanding"].sum()),
            }
        )
    return buckets


def _arrears(loans: pd.DataFrame) -> list[dict[str, Any]]:
    """Loans in arrears, the latest first."""
    late = loans[loans["days_past_due"] > 0].sort_values(
        ["days_past_due", "past_due", "loan"], ascending=[False, False, True]
    )
    return [
        {
            "loan": row["loan"],
            "founder": row["founder"],
            "days_past_due": int(row["days_past_due"]),
            "contractual_days_past_due": int(row["contractual_days_past_due"]),
            "past_due": int(row["past_due"]),
            "outstanding_principal": int(row["outstanding"]),
            "rescheduled": bool(row["schedule"] > 0),
            "reported_through": day_of(int(row["through_day"])).isoformat(),
        }
        for row in late.to_dict("records")
    ]


def _vintages(loans: pd.DataFrame) -> list[dict[str, Any]]:
    """By month of disbursement: principal, and its share that ever came 30 and 90 days late.

    `curve` is the share of loans that had been 90 days past due or were written off by each month
    on book, as far as the youngest loan of the month has come.
    """
    granted = pd.to_datetime(loans["granted_day"], unit="D")
    months = granted.dt.strftime("%Y-%m")
    first_bad = loans[["first_90_day", "written_off_day"]].min(axis=1)
    on_book = (first_bad - loans["granted_day"]) // 30 + 1
    age = (loans["as_of_day"] - loans["granted_day"]) // 30
    found = []
    for month, own in loans.groupby(months):
        lent = int(own["principal"].sum())
        bad = on_book[own.index]
        youngest = int(age[own.index].min())
        found.append(
            {
                "month": month,
                "loans": len(own),
                "principal": lent,
                "outstanding_principal": int(own["outstanding"].sum()),
                "ever_30_days": int(own.loc[own["first_30_day"].notna(), "principal"].sum()) / lent,
                "ever_90_days": int(own.loc[own["first_90_day"].notna(), "principal"].sum()) / lent,
                "written_off": int(own["written_off"].sum()),
                "curve": [
                    float((bad <= reached).sum() / len(own)) for reached in range(1, youngest + 1)
                ],
            }
        )
    return found
