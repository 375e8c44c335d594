"""A founder's records that do not count yet and why, and those that count from a day not theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from babel.dates import format_date
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from api.pages.languages import words_in
from scoring.base.money import money_text
from scoring.features.catalogue import Kind
from scoring.parties.readable import readable_by
from scoring.parties.scopes import FounderScope
from scoring.reasons.texts import Language
from scoring.store.tables import (
    Application,
    Attendance,
    CashFlowLine,
    DeclaredOutcome,
    Instalment,
    Loan,
    OrderLine,
    Pause,
    Record,
    Repayment,
)

MOST_LISTED = 20
DISPUTED = "disputed"
# Doubts with words of their own; the list of codes is open, and any other gets general words.
DOUBTS = (
    "amount_outlier",
    "before_shop_opened",
    "damaged_id",
    "decided_before",
    "instalment_of_nothing",
    "instalment_off",
    "no_such_session",
    "other_currency",
    "payment_beyond_owed",
    "schedule_off_principal",
    "status_unknown",
    "tiny_payments",
)
_NO_AMOUNT = cast(null(), BigInteger)
_NO_CURRENCY = cast(null(), String(3))


@dataclass(frozen=True)
class Item:
    """One record: what it is, its day, its amount where it has one, and why it waits."""

    what: str
    day: str
    amount: str | None
    why: str | None


@dataclass(frozen=True)
class Listing:
    """Records told of in a sentence each group; some of them one by one, and how many more."""

    sentences: list[str]
    items: list[Item]
    further: int


@dataclass(frozen=True)
class HeldRecords:
    """What does not count yet, and cancellations that count from the last day of their file."""

    waiting: Listing | None
    inferred: Listing | None


def held_records(
    session: Session, scope: FounderScope, *, language: Language, kinds: Collection[Kind]
) -> HeldRecords:
    """Standing records of a founder that wait for somebody's decision, latest first.

    Args:
        session: an open transaction.
        scope: whose.
        language: of the page.
        kinds: the blocks that this installation may read.
    """
    return HeldRecords(
        waiting=_waiting(session, scope, language, kinds),
        inferred=_inferred(session, scope, language),
    )


def _waiting(
    session: Session, scope: FounderScope, language: Language, kinds: Collection[Kind]
) -> Listing | None:
    parts = [
        _rows(
            shown.table,
            scope,
            what=shown.what,
            amount=shown.amount,
            currency=shown.currency,
        ).where(shown.table.held.is_not(None))
        for shown in _SHOWN
        if shown.kind is None or shown.kind in kinds
    ]
    records = union_all(*parts).subquery()
    groups = session.execute(
        select(records.c.what, records.c.held, func.count().label("n")).group_by(
            records.c.what, records.c.held
        )
    ).all()
    if not groups:
        return None
    counts: Counter[tuple[str, str]] = Counter()
    for group in groups:
        counts[group.what, _why(group.held)] += group.n
    listed = session.execute(
        select(records)
        .order_by(records.c.event_day.desc(), records.c.what, records.c.id)
        .limit(MOST_LISTED)
    ).all()
    order = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return Listing(
        sentences=[_sentence(what, why, n, language) for (what, why), n in order],
        items=[_item(row, language) for row in listed],
        further=counts.total() - len(listed),
    )


def _inferred(session: Session, scope: FounderScope, language: Language) -> Listing | None:
    refunds = (
        _rows(
            OrderLine,
            scope,
            what=literal("refund"),
            amount=OrderLine.refund.expression,
            currency=OrderLine.currency.expression,
        )
        .where(
            OrderLine.held.is_(None), OrderLine.entry == "refund", OrderLine.day_inferred.is_(True)
        )
        .subquery()
    )
    n = session.scalar(select(func.count()).select_from(refunds)) or 0
    if not n:
        return None
    listed = session.execute(
        select(refunds).order_by(refunds.c.event_day.desc(), refunds.c.id.desc()).limit(MOST_LISTED)
    ).all()
    return Listing(
        sentences=[_counted("held.inferred", n, language)],
        items=[_item(row, language) for row in listed],
        further=n - len(listed),
    )


def _rows(
    table: type[Record],
    scope: FounderScope,
    *,
    what: ColumnElement[str],
    amount: ColumnElement[Any],
    currency: ColumnElement[Any],
) -> Select[Any]:
    return select(
        what.label("what"),
        table.id.label("id"),
        table.event_date.label("event_date"),
        table.event_day.label("event_day"),
        table.held.label("held"),
        amount.label("amount"),
        currency.label("currency"),
    ).where(readable_by(scope, table), table.superseded_recorded_at.is_(None))


class _Shown(NamedTuple):
    """What a kind of record is called, its amount, and the block that it is in."""

    kind: Kind | None
    table: type[Record]
    what: ColumnElement[str]
    amount: ColumnElement[Any] = _NO_AMOUNT
    currency: ColumnElement[Any] = _NO_CURRENCY


_IS_REFUND = OrderLine.entry == "refund"
_SHOWN = (
    _Shown(Kind.ATTENDANCE, Attendance, literal("attendance")),
    _Shown(
        Kind.SALES,
        OrderLine,
        case((_IS_REFUND, "refund"), else_="sale"),
        case((_IS_REFUND, OrderLine.refund), else_=OrderLine.gross),
        OrderLine.currency.expression,
    ),
    _Shown(
        Kind.REPAYMENT,
        Loan,
        literal("loan"),
        Loan.principal.expression,
        Loan.currency.expression,
    ),
    _Shown(
        Kind.REPAYMENT,
        Instalment,
        literal("instalment"),
        Instalment.principal + Instalment.interest,
        Instalment.currency.expression,
    ),
    _Shown(
        Kind.REPAYMENT,
        Repayment,
        literal("repayment"),
        Repayment.amount.expression,
        Repayment.currency.expression,
    ),
    _Shown(
        Kind.CASH_FLOW,
        CashFlowLine,
        literal("account_line"),
        CashFlowLine.inflow - CashFlowLine.outflow,
        CashFlowLine.currency.expression,
    ),
    _Shown(
        Kind.APPLICATION,
        Application,
        literal("application"),
        Application.principal.expression,
        Application.currency.expression,
    ),
    _Shown(Kind.REPAYMENT, DeclaredOutcome, literal("outcome")),
    _Shown(None, Pause, literal("pause")),
)


def _why(code: str) -> str:
    return code if code in DOUBTS or code == DISPUTED else "other"


def _sentence(what: str, why: str, n: int, language: Language) -> str:
    t = words_in(language)
    named = _counted(f"held.{what}", n, language)
    number = "one" if n == 1 else "many"
    if why == DISPUTED:
        return str(t(f"held.disputed.{number}", what=named))
    return str(t(f"held.waits.{number}", what=named, why=t(f"held.why.{why}")))


def _counted(key: str, n: int, language: Language) -> str:
    t = words_in(language)
    return str(t(f"{key}.one")) if n == 1 else str(t(f"{key}.many", n=n))


def _item(row: Any, language: Language) -> Item:
    t = words_in(language)
    day: date = row.event_date
    amount = None
    if row.amount is not None:
        amount = money_text(int(row.amount), row.currency, language)
    return Item(
        what=str(t(f"held.name.{row.what}")),
        day=format_date(day, "long", language),
        amount=amount,
        why=_begun(str(t(f"held.why.{_why(row.held)}"))) if row.held else None,
    )


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
