"""Labels: what became of each loan, as far as it is known at an instant.

A loan with a schedule is judged by its days past due at the end of its performance window, which
runs from its first due day; written off or rescheduled in distress within it, a loan is bad,
whatever is paid after. A loan whose window is still open has no label, not even when it is 90 days
past due already: counting the early bad without the goods of the same age would make young loans
look worse than they are. Nor has a loan that its lender has not reported to the window's end. One
bad loan makes the borrower bad: a loan is also bad when another loan of the same borrower goes bad
within its window. A lender that sends no schedule may declare the outcome itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from scoring.base.calendar import day_number, day_of, today
from scoring.base.errors import InputError
from scoring.features.engines.lake import Lake
from scoring.features.engines.loan_states import LoanState
from scoring.loans.arrears import MATERIAL_PERCENT, MATERIALITY_FLOORS
from scoring.loans.codes import LoanEventCode, LoanEventReason
from scoring.score.arrears import defaults_of
from scoring.store.tables import Application, DeclaredOutcome, Instalment, Loan, LoanEvent

COLUMNS = ["founder_id", "kind", "source", "reference", "lender", "origin", "as_of", "outcome"]
_LOAN = ["founder_id", "source", "reference"]
_PREPAID_BEFORE = 6  # dues: of a loan that was repaid sooner nothing was learned
# Of these nobody could tell from the borrower what would become of the loan.
_EXCLUSIONS = {
    LoanEventReason.FRAUD.value: "victim_of_fraud",
    LoanEventReason.DISASTER.value: "disaster",
    LoanEventReason.PLATFORM_FAILURE.value: "platform_failure",
}
_GRANTED_WITHIN = 60  # days from an application to the loan that it led to


class Outcome(StrEnum):
    """What became of a loan."""

    GOOD = "good"
    BAD = "bad"
    INDETERMINATE = "indeterminate"
    OPEN = "open"
    UNREPORTED = "unreported"  # its lender did not report it to the window's end
    NO_SCHEDULE = "no_schedule"
    GRANTED_IN_DEFAULT = "granted_in_default"
    WITHDRAWN = "withdrawn"  # given back within fourteen days
    VICTIM_OF_FRAUD = "victim_of_fraud"
    DISASTER = "disaster"
    PLATFORM_FAILURE = "platform_failure"


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

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the lineage, with what is immaterial of an instalment."""
        return asdict(self) | {
            "material_percent": MATERIAL_PERCENT,
            "material_floors": dict(MATERIALITY_FLOORS),
        }


def labels_known(
    lake: Lake,
    *,
    known_at: datetime,
    zone: ZoneInfo,
    definition: OutcomeDefinition | None = None,
) -> pd.DataFrame:
    """One row per loan and per declared outcome, in a fixed order.

    Args:
        lake: the records of those who allow training.
        known_at: what was recorded by then counts, and windows that closed before its day.
        zone: the installation's time zone.
        definition: when a loan is bad.

    Returns:
        Columns `founder_id`, `kind` (loan or application), `source`, `reference`, `lender`,
        `origin` (lender or external), `as_of` (the last day before the decision: the day before
        disbursement, or the day of the application) and `outcome` (`Outcome`).
    """
    judged = _loans(lake, known_at, zone, definition or OutcomeDefinition())
    declared = _not_in_the_ledger(_declared(lake, known_at), judged)
    labels = pd.concat([judged, declared], ignore_index=True)[COLUMNS]
    return labels.sort_values(
        ["as_of", "founder_id", "kind", "source", "reference"], ignore_index=True
    )


def _loans(
    lake: Lake, known_at: datetime, zone: ZoneInfo, definition: OutcomeDefinition
) -> pd.DataFrame:
    loans = lake.standing(Loan, known_at=known_at)
    loans = loans.assign(as_of=[day_of(int(day) - 1) for day in loans["event_day"]])
    schedule = lake.standing(Instalment, known_at=known_at).rename(columns={"loan": "reference"})
    first_due = schedule.groupby(_LOAN)["event_day"].min().rename("first_due")
    loans = loans.merge(first_due.reset_index(), on=_LOAN, how="left")
    loans["window_end"] = loans["first_due"] + definition.performance_window_days
    loans = loans.merge(_states(lake, loans, known_at, zone), on=_LOAN, how="left")
    dues = _instalments(lake, loans, known_at, zone)
    loans = loans.merge(_worst_days_past_due(loans, dues), on=_LOAN, how="left")
    went_bad = _borrower_went_bad(loans, dues, definition)
    loans = loans.merge(went_bad, on=_LOAN, how="left")
    loans = loans.merge(_excluded(lake, known_at), on=_LOAN, how="left")
    lost = loans[["written_off_day", "distress_day"]].min(axis=1)
    loans = loans.merge(_prepaid(loans, schedule), on=_LOAN, how="left")
    is_told = (loans["through_day"] >= loans["window_end"]) | loans["closed_day"].notna()
    choices = {
        Outcome.NO_SCHEDULE: loans["first_due"].isna(),
        Outcome.GRANTED_IN_DEFAULT: _granted_in_default(lake, loans, known_at, zone),
        Outcome.OPEN: loans["window_end"] >= day_number(today(known_at, zone)),
        Outcome.BAD: lost <= loans["window_end"],
        Outcome.UNREPORTED: ~is_told,
        "went_bad": loans["went_bad"].eq(True),
        "late": loans["worst"] >= definition.indeterminate_days_past_due,
        "prepaid": loans["prepaid"].eq(True),
    }
    named = {
        "went_bad": Outcome.BAD,
        "late": Outcome.INDETERMINATE,
        "prepaid": Outcome.INDETERMINATE,
    }
    outcome = np.select(
        [choice.to_numpy(dtype=bool) for choice in choices.values()],
        [named.get(name, name) for name in choices],
        Outcome.GOOD.value,
    )
    excluded = loans["excluded"]
    return loans.assign(
        kind="loan",
        outcome=pd.Series(outcome, index=loans.index, dtype=object).where(
            excluded.isna(), excluded
        ),
    )


def _states(lake: Lake, loans: pd.DataFrame, known_at: datetime, zone: ZoneInfo) -> pd.DataFrame:
    """How each loan stands by all that is known now."""
    points = _founders_today(loans, known_at, zone)
    states = lake.loan_states(points, known_at=known_at, zone=zone)
    states["founder_id"] = points["founder_id"].to_numpy()[states["point"].to_numpy(dtype=int)]
    names = ["through_day", "closed_day", "written_off_day", "distress_day"]
    return states.rename(columns={"loan": "reference"})[[*_LOAN, *names]].astype(
        dict.fromkeys(names, "float64")
    )


def _prepaid(loans: pd.DataFrame, schedule: pd.DataFrame) -> pd.DataFrame:
    """`prepaid`: whether each loan ended within its window, before its time and six dues."""
    planned = schedule.merge(loans[[*_LOAN, "closed_day", "window_end"]], on=_LOAN)
    planned["before"] = planned["event_day"] <= planned["closed_day"]
    planned["ended"] = planned["closed_day"] <= planned["window_end"]
    found = planned.groupby(_LOAN).agg(
        before=("before", "sum"), dues=("before", "size"), ended=("ended", "all")
    )
    early = found["before"] < np.minimum(found["dues"], _PREPAID_BEFORE)
    return (found["ended"] & early).rename("prepaid").reset_index()


def _granted_in_default(
    lake: Lake, loans: pd.DataFrame, known_at: datetime, zone: ZoneInfo
) -> pd.Series[bool]:
    """Whether the borrower was in default on another loan on the day before each was granted."""
    points = loans[["founder_id", "as_of"]].reset_index(drop=True)
    states = lake.loan_states(points, known_at=known_at, zone=zone)
    plain = states.astype(object).where(states.notna(), None)
    rows = (dict(zip(plain.columns, row, strict=True)) for row in plain.to_numpy())
    found = {int(row["point"]) for row in rows if defaults_of(LoanState.of(row))}
    return pd.Series(np.isin(np.arange(len(loans)), list(found)), index=loans.index)


def _excluded(lake: Lake, known_at: datetime) -> pd.DataFrame:
    """`excluded`: why a loan says nothing of its borrower, by its events."""
    events = lake.standing(LoanEvent, known_at=known_at).drop(columns="reference")
    events = events.rename(columns={"loan": "reference"})
    reasons = events["reason"].map(_EXCLUSIONS).astype(object)
    events["excluded"] = reasons.where(
        events["event"] != LoanEventCode.WITHDRAWN.value, Outcome.WITHDRAWN.value
    )
    return events[events["excluded"].notna()].drop_duplicates(_LOAN)[[*_LOAN, "excluded"]]


def _founders_today(loans: pd.DataFrame, known_at: datetime, zone: ZoneInfo) -> pd.DataFrame:
    points = pd.DataFrame({"founder_id": loans["founder_id"].unique()})
    return points.assign(as_of=today(known_at, zone))


def _instalments(
    lake: Lake, loans: pd.DataFrame, known_at: datetime, zone: ZoneInfo
) -> pd.DataFrame:
    """Instalments due of the loans by all that is known now: `due_day`, `last_day` past due.

    A repayment that was reported late is still a repayment: what is known after the window
    corrects the label, though it may not touch a feature.
    """
    points = _founders_today(loans, known_at, zone)
    dues = lake.instalments(points, known_at=known_at, zone=zone)
    dues["founder_id"] = points["founder_id"].to_numpy()[dues["point"].to_numpy(dtype=int)]
    dues = dues.rename(columns={"loan": "reference"}).merge(loans[_LOAN], on=_LOAN)
    dues["last_day"] = dues["due_day"] + dues["days_past_due"]
    return dues[[*_LOAN, "due_day", "last_day"]]


def _worst_days_past_due(loans: pd.DataFrame, dues: pd.DataFrame) -> pd.DataFrame:
    """`worst`: most days past due of each loan within its window."""
    within = dues.merge(loans[[*_LOAN, "window_end"]], on=_LOAN)
    within = within[within["due_day"] <= within["window_end"]]
    end = np.minimum(within["last_day"], within["window_end"])
    within["worst"] = np.maximum(end - within["due_day"], 0)
    return within.groupby(_LOAN)["worst"].max().reset_index()


def _borrower_went_bad(
    loans: pd.DataFrame, dues: pd.DataFrame, definition: OutcomeDefinition
) -> pd.DataFrame:
    """`went_bad`: whether this or another loan of the borrower did within this loan's window."""
    windows = loans[[*_LOAN, "first_due", "window_end"]]
    of_borrower = windows.merge(dues[["founder_id", "due_day", "last_day"]], on="founder_id")
    bad_from = of_borrower["due_day"] + definition.bad_days_past_due
    of_borrower["went_bad"] = bad_from.between(
        of_borrower["first_due"], of_borrower["window_end"]
    ) & (of_borrower["last_day"] >= bad_from)
    return of_borrower.groupby(_LOAN)["went_bad"].any().reset_index()


def _declared(lake: Lake, known_at: datetime) -> pd.DataFrame:
    outcomes = lake.standing(DeclaredOutcome, known_at=known_at)
    asked = ["founder_id", "reference"]
    applications = lake.standing(Application, known_at=known_at)
    found = outcomes[["founder_id", "application", "outcome"]].merge(
        applications[[*asked, "lender", "event_day"]],
        left_on=["founder_id", "application"],
        right_on=asked,
    )
    found = found.drop_duplicates(asked)
    return found.assign(
        kind="application",
        source="",
        origin="lender",
        as_of=[day_of(int(day)) for day in found["event_day"]],
    )


def _not_in_the_ledger(declared: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Leave out what was declared of a loan whose instalments are known: the ledger says it."""
    asked = ["founder_id", "reference"]
    pairs = declared[[*asked, "lender", "event_day"]].merge(
        judged.loc[judged["outcome"] != Outcome.NO_SCHEDULE, ["founder_id", "lender", "event_day"]],
        on=["founder_id", "lender"],
        suffixes=("", "_granted"),
    )
    days = pairs["event_day_granted"] - pairs["event_day"]
    told = pairs[days.between(0, _GRANTED_WITHIN)][asked].drop_duplicates()
    marked = declared.merge(told, on=asked, how="left", indicator=True)
    return marked[marked["_merge"] == "left_only"]
