"""The plain form of each record kind: its columns and what may stand in them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pyarrow.compute as pc
from babel.numbers import list_currencies

from scoring.loans.codes import LoanEventCode, LoanEventReason
from scoring.records.kinds import RecordKind


@dataclass(frozen=True)
class Content:
    """What a cell may hold: a test on text, and the words for what it should have been."""

    is_valid: pa.Check
    expected: str


def _matching(pattern: str, expected: str, *, holding: str = "") -> Content:
    """Text that a pattern fits whole and, where told, that holds a match of another.

    Arrow's matching takes no look-ahead, and is ten times as fast.
    """

    def fits(cells: pd.Series[str]) -> pd.Series[bool]:
        text = arrow.array(cells, type=arrow.string())
        found = pc.and_(
            pc.match_substring_regex(text, f"^(?:{pattern})$"),
            pc.match_substring_regex(text, holding),
        )
        return pd.Series(found.to_numpy(zero_copy_only=False), index=cells.index)

    return Content(pa.Check(fits, error=expected), expected)


def _one_of(*choices: str) -> Content:
    expected = f"one of {', '.join(choices)}"
    return Content(pa.Check.isin(choices, error=expected), expected)


def _is_day(cells: pd.Series[str]) -> pd.Series[bool]:
    written = cells.str.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}").astype(bool)
    return written & pd.to_datetime(cells, format="%Y-%m-%d", errors="coerce").notna()


# A bar parts the references in a natural key.
REFERENCE = _matching(
    r"[^\s\pZ|=+\-@][^\s\pZ|]{0,63}", "a reference (up to 64 characters without spaces or bars)"
)
DAY = Content(
    pa.Check(_is_day, error="a day as YYYY-MM-DD"), "a day as YYYY-MM-DD, such as 2026-03-01"
)
AMOUNT = _matching(
    r"[0-9]{1,12}(\.[0-9]+)?",
    "an amount of zero or more, such as 12000 or 12000.50, with up to 12 digits before the point",
)
POSITIVE_AMOUNT = _matching(
    r"[0-9]{1,12}(\.[0-9]+)?",
    "an amount above zero, such as 12000 or 12000.50, with up to 12 digits before the point",
    holding="[1-9]",
)
COUNT = _matching(r"[0-9]{1,6}(\.0+)?", "a whole number of zero or more")
POSITIVE_COUNT = _matching(r"[0-9]{1,6}(\.0+)?", "a whole number above zero", holding="[1-9]")
HOURS = _matching(r"[0-9]{1,2}(\.[0-9]+)?", "a number of hours, such as 2 or 1.5")
RATE = _matching(r"0(\.[0-9]+)?|1(\.0+)?", "a rate per year between 0 and 1, such as 0.055")
SIGNED_AMOUNT = _matching(
    r"-?[0-9]{1,12}(\.[0-9]+)?",
    "an amount, such as 12000 or -350.50, with up to 12 digits before the point",
)
BUYER = _matching(r".{1,200}", "a buyer's id")
ACCOUNT = _matching(r".{1,200}", "the account that marked it")
CURRENCY = Content(
    pa.Check.isin(sorted(list_currencies()), error="a currency code"),
    "a currency code of ISO 4217, such as KRW",
)


@dataclass(frozen=True)
class Column:
    """One column of a form.

    `later_allowed`: the day may lie in the future. `when_empty`: what an empty cell stands for in
    a column that is the last part of the key, and then no part of what names the record.
    """

    name: str
    content: Content
    required: bool = True
    later_allowed: bool = False
    when_empty: str = ""


@dataclass(frozen=True)
class Form:
    """The plain form of one record kind. `key` names a record among all of its source."""

    kind: RecordKind
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    event_day: str

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that must be there and filled."""
        return tuple(c.name for c in self.columns if c.required)

    @property
    def names(self) -> tuple[str, ...]:
        """All columns that are read."""
        return tuple(c.name for c in self.columns)


def _optional(name: str, content: Content, *, later_allowed: bool = False) -> Column:
    return Column(name, content, required=False, later_allowed=later_allowed)


FORMS: dict[RecordKind, Form] = {
    form.kind: form
    for form in (
        Form(
            RecordKind.ATTENDANCE,
            (
                Column("founder", REFERENCE),
                Column("programme", REFERENCE),
                Column("session", REFERENCE),
                Column("held_on", DAY),
                Column("hours", HOURS),
                Column("session_kind", _one_of("class", "mentoring", "assignment", "pitch")),
                Column("status", _one_of("present", "late", "excused", "absent")),
                _optional("minutes_late", COUNT),
                _optional("assignment", _one_of("on_time", "late", "missing")),
                _optional("marked_by", ACCOUNT),
                _optional("marked_on", DAY),
            ),
            key=("founder", "programme", "session"),
            event_day="held_on",
        ),
        Form(
            RecordKind.SALES,
            (
                Column("founder", REFERENCE),
                Column("channel", REFERENCE),
                Column("order_line", REFERENCE),
                Column("ordered_on", DAY),
                Column("quantity", POSITIVE_COUNT),
                Column("gross", AMOUNT),
                Column("currency", CURRENCY),
                _optional("discount", AMOUNT),
                _optional("shipping", AMOUNT),
                _optional("fee", AMOUNT),
                _optional("paid_on", DAY),
                _optional("settled_on", DAY, later_allowed=True),
                _optional("status", _one_of("sold", "cancelled", "returned")),
                _optional("refund", AMOUNT),
                _optional("refunded_on", DAY),
                _optional("refund_cause", _one_of("seller", "buyer", "platform")),
                _optional("buyer", BUYER),
            ),
            key=("founder", "channel", "order_line"),
            event_day="ordered_on",
        ),
        Form(
            RecordKind.REFUNDS,
            (
                Column("founder", REFERENCE),
                Column("channel", REFERENCE),
                Column("order_line", REFERENCE),
                Column("refunded_on", DAY),
                _optional("refund", AMOUNT),
                _optional("currency", CURRENCY),
                _optional("refund_cause", _one_of("seller", "buyer", "platform")),
                _optional("of_sale", _one_of("yes", "no")),
            ),
            key=("founder", "channel", "order_line"),
            event_day="refunded_on",
        ),
        Form(
            RecordKind.LOANS,
            (
                Column("founder", REFERENCE),
                Column("loan", REFERENCE),
                Column("lender", REFERENCE),
                Column("principal", POSITIVE_AMOUNT),
                Column("currency", CURRENCY),
                Column("disbursed_on", DAY),
                _optional("annual_rate", RATE),
                _optional("months", COUNT),
                _optional("grace_months", COUNT),
                _optional("schedule_kind", _one_of("annuity", "equal_principal", "bullet")),
                _optional("origin", _one_of("lender", "external")),
            ),
            key=("loan",),
            event_day="disbursed_on",
        ),
        Form(
            RecordKind.SCHEDULE,
            (
                Column("loan", REFERENCE),
                Column("number", POSITIVE_COUNT),
                Column("due_on", DAY, later_allowed=True),
                Column("principal", AMOUNT),
                Column("interest", AMOUNT),
                _optional("fee", AMOUNT),
                Column("schedule", COUNT, required=False, when_empty="0"),
            ),
            key=("loan", "number", "schedule"),
            event_day="due_on",
        ),
        Form(
            RecordKind.REPAYMENTS,
            (
                Column("loan", REFERENCE),
                Column("repayment", REFERENCE),
                Column("paid_on", DAY),
                Column("amount", POSITIVE_AMOUNT),
            ),
            key=("loan", "repayment"),
            event_day="paid_on",
        ),
        Form(
            RecordKind.LOAN_EVENTS,
            (
                Column("loan", REFERENCE),
                Column("event_id", REFERENCE),
                Column("happened_on", DAY),
                Column("event", _one_of(*LoanEventCode)),
                _optional("reason", _one_of(*LoanEventReason)),
                _optional("amount", AMOUNT),
                _optional("repayment", REFERENCE),
                _optional("schedule", COUNT),
                _optional("days_past_due", COUNT),
                _optional("past_due", AMOUNT),
            ),
            key=("loan", "event_id"),
            event_day="happened_on",
        ),
        Form(
            RecordKind.CASH_FLOW,
            (
                Column("founder", REFERENCE),
                Column("account", REFERENCE),
                Column("line", REFERENCE),
                Column("booked_on", DAY),
                Column("direction", _one_of("in", "out")),
                Column("amount", AMOUNT),
                Column("currency", CURRENCY),
                _optional("balance", SIGNED_AMOUNT),
                _optional(
                    "purpose",
                    _one_of(
                        "sales_receipt",
                        "supplier",
                        "household",
                        "loan_payment",
                        "insurance",
                        "rent",
                        "tax",
                        "fee",
                        "penalty",
                        "interest",
                        "other_income",
                        "other_payment",
                    ),
                ),
            ),
            key=("founder", "account", "line"),
            event_day="booked_on",
        ),
        Form(
            RecordKind.APPLICATIONS,
            (
                Column("founder", REFERENCE),
                Column("application", REFERENCE),
                Column("lender", REFERENCE),
                Column("applied_on", DAY),
                Column("principal", POSITIVE_AMOUNT),
                Column("months", POSITIVE_COUNT),
                Column("instalment", POSITIVE_AMOUNT),
                Column("currency", CURRENCY),
                _optional("annual_rate", RATE),
            ),
            key=("application",),
            event_day="applied_on",
        ),
        Form(
            RecordKind.OUTCOMES,
            (
                Column("application", REFERENCE),
                Column("outcome", _one_of("good", "bad")),
                Column("declared_on", DAY),
            ),
            key=("application",),
            event_day="declared_on",
        ),
        Form(
            RecordKind.PAUSES,
            (
                Column("founder", REFERENCE),
                Column("first_day", DAY),
                Column("last_day", DAY, later_allowed=True),
            ),
            key=("founder", "first_day"),
            event_day="first_day",
        ),
    )
}
