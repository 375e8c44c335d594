"""What was given back for order lines: records of their own days, never more than once.

A line has at most one refund that follows from its status ("cancelled"), under the natural key
`…|refund`, and one per day that a list of refunds names, under `…|refund|DAY`. What the days
account for is taken off the first, so that an order list and a refund list together tell it once,
whichever comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sqlalchemy import select

from scoring.intake.batch import Task
from scoring.intake.checking.cells import Problem, by_index
from scoring.intake.extract import DAY_INFERRED
from scoring.intake.settling.stored_rows import SEPARATOR, amounts_of, natural_keys
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.bulk import stored_form
from scoring.store.database import Ledger
from scoring.store.tables import OrderLine

REFUND = f"{SEPARATOR}refund"
REFUND_ABOVE_SALE = "refund_above_sale"
_LINES = 5000
_KEY_PARTS = len(FORMS[RecordKind.SALES].key)
_OF_THE_SALE = ("founder_id", "channel", "order_line", "currency", "held")
# Not copied to a refund, whose record would then hang on which file told of the sale first.
_TOLD_OF_SALES_ALONE = {"quantity": 0, "paid_on": None, "settled_on": None, "buyer": None}
Row = dict[str, Any]


@dataclass
class Settled:
    """What a file's refunds come to.

    Attributes:
        rows: refunds as they should stand, in the stored form, by index of the file's row.
        taken_back: natural keys of known refunds that should stand no more, with the index of
            the row that says so.
        told: by natural key of the sale, what the file says was given back, in minor units.
    """

    rows: list[tuple[int, Row]] = field(default_factory=list)
    taken_back: list[tuple[int, str]] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """The rows as a frame, indexed by the file's row."""
        return pd.DataFrame(
            [row for _, row in self.rows], index=[index for index, _ in self.rows], dtype=object
        )


def known_refunds(ledger: Ledger, sales: pd.DataFrame, *, source: str) -> dict[str, dict[str, Row]]:
    """Standing refunds of order lines, by natural key of the sale and of the refund.

    Args:
        ledger: the open transaction.
        sales: rows with `natural_key`, `order_line` and `founder_id`.
        source: where the records come from.
    """
    found: dict[str, dict[str, Row]] = {}
    lines = sales["order_line"].unique().tolist()
    if not lines:
        return found
    names = [column.name for column in OrderLine.__table__.columns]
    rows: list[Any] = []
    for start in range(0, len(lines), _LINES):
        rows += ledger.session.execute(
            select(OrderLine.__table__).where(
                OrderLine.channel.in_(sales["channel"].unique().tolist()),
                OrderLine.order_line.in_(lines[start : start + _LINES]),
                OrderLine.entry == "refund",
                OrderLine.source == source,
                OrderLine.superseded_recorded_at.is_(None),
            )
        ).all()
    for row in stored_form(pd.DataFrame(rows, columns=names, dtype=object)).to_dict("records"):
        sale = SEPARATOR.join(str(row["natural_key"]).split(SEPARATOR)[:_KEY_PARTS])
        found.setdefault(sale, {})[str(row["natural_key"])] = {str(k): v for k, v in row.items()}
    return found


def refunds_of_sales(
    task: Task,
    sales: pd.DataFrame,
    known: Mapping[str, Mapping[str, Row]],
    known_sales: pd.DataFrame,
) -> Settled:
    """What a list of orders says was given back, by status or by amount.

    A list of our plain form that has the column takes back what it no longer tells; an export
    never does, since a cancellation that is done is not undone.

    Args:
        task: cells of the kind `sales`.
        sales: their rows, as they will stand.
        known: standing refunds of these lines.
        known_sales: the sales as they stood, by natural key.

    Raises:
        FileError: a refund of the plain form is above what was paid.
    """
    cells = task.cells
    given = amounts_of(task, "refund", cells["currency"])
    gives_back = cells["status"].isin(["cancelled", "returned"]) | (given > 0)
    if not task.extract.is_export:
        paid = sales["gross"].astype("int64") + sales["shipping"].astype("int64")
        task.refuse(
            [
                Problem(int(index), "refund", "is more than the line's gross amount and shipping")
                for index in cells.index[given > paid]
            ]
        )
    settled = Settled()
    told = pd.DataFrame(
        {
            "given": given,
            "day": cells["refunded_on"],
            "cause": cells["refund_cause"],
            "inferred": cells[DAY_INFERRED] == "yes" if DAY_INFERRED in cells else False,
        }
    )[gives_back]
    chosen = sales[gives_back].to_dict("records")
    for index, telling, sale in zip(
        told.index.tolist(), told.to_dict("records"), chosen, strict=True
    ):
        key = str(sale["natural_key"])
        whole = int(sale["gross"]) - int(sale["discount"])
        of_line = known.get(key, {})
        before = of_line.get(key + REFUND)
        amount = int(telling["given"]) or whole
        if "refund" in task.absent and before is not None and not task.extract.is_export:
            part = _known_part(key, of_line, known_sales)
            amount = whole if part is None else part
        if task.extract.is_export and before is not None:
            # What was given back stays given back, in whichever order exports tell of it.
            part = _known_part(key, of_line, known_sales)
            amount = max(amount, whole if part is None else part)
        settled.told[key] = amount
        rest = max(0, amount - _dated(of_line))
        if rest == 0 and (amount > 0 or _dated(of_line)):
            if before is not None:
                settled.taken_back.append((index, key + REFUND))
            continue
        row = _refund(task, sale, key + REFUND, rest, telling)
        settled.rows.append((index, _completed(task, row, before)))
    if known and not task.extract.is_export:
        _take_back(task, sales[~gives_back], known, known_sales, settled)
    elif known:
        _restate_whole(sales[~gives_back], known, known_sales, settled)
    return settled


def listed_refunds(
    task: Task, sales: pd.DataFrame, known: Mapping[str, Mapping[str, Row]]
) -> Settled:
    """What a list of refunds says was given back, each on its own day.

    Args:
        task: cells of the kind `refunds`.
        sales: the standing sales by natural key; a refund that stands alone has none.
        known: standing refunds of these lines.
    """
    cells = task.cells
    currencies = cells["currency"].where(cells["currency"] != "", _currencies(cells, sales))
    keys = natural_keys(cells, task.extract.kind)
    task.refuse(_unlike_their_sales(task, keys, currencies, sales))
    given = amounts_of(task, "refund", currencies)
    settled = Settled()
    standing = {key: dict(known.get(key, {})) for key in keys.unique()}
    index_of: dict[str, int] = {}
    for position, (index, key) in enumerate(by_index(keys)):
        cell = {str(name): value for name, value in cells.iloc[position].items()}
        if cell["of_sale"] == "no":
            sale: Row = _no_sale(task, cell, position, currencies.iloc[position])
            whole = int(given.iloc[position])
        else:
            sale = {str(name): value for name, value in sales.loc[key].items()}
            whole = int(sale["gross"]) - int(sale["discount"])
        telling = {
            "day": cell["refunded_on"],
            "cause": cell["refund_cause"],
            "inferred": cell.get(DAY_INFERRED) == "yes",
        }
        amount = int(given.iloc[position])
        is_of_a_day = amount > 0 and not telling["inferred"] and cell["of_sale"] != "no"
        name = key + REFUND + (f"{SEPARATOR}{telling['day']}" if is_of_a_day else "")
        of_line = standing[key]
        if is_of_a_day:
            already = index_of.get(name)
            before = None if already is None else of_line[name]
            amount += 0 if before is None else int(before["refund"])
            rest = amount
        else:
            amount = amount or whole
            rest = max(0, amount - _dated(of_line))
        row = _completed(task, _refund(task, sale, name, rest, telling), of_line.get(name))
        if rest == 0 and _dated(of_line):
            if name in of_line:
                settled.taken_back.append((index, name))
            continue
        if total_above(sale, of_line, row):
            row["held"] = row["held"] or REFUND_ABOVE_SALE
        if is_of_a_day:
            _take_off(settled, index, of_line, key, row)
        of_line[name] = row
        if name in index_of:
            settled.rows = [(i, r) for i, r in settled.rows if r["natural_key"] != name]
        index_of.setdefault(name, index)
        settled.rows.append((index_of[name], row))
        settled.told[key] = max(settled.told.get(key, 0), rest, _dated(of_line))
    return settled


def _unlike_their_sales(
    task: Task, keys: pd.Series[str], currencies: pd.Series[str], sales: pd.DataFrame
) -> list[Problem]:
    """Refunds in another currency than their sale; of the plain form, also those before it."""
    problems = []
    told = zip(by_index(keys), currencies, task.cells["refunded_on"], strict=True)
    for (index, key), currency, day in told:
        if key not in sales.index:
            continue
        sale = sales.loc[key]
        if currency != sale["currency"]:
            problems.append(
                Problem(index, "currency", f"is not that of the sale, {sale['currency']}")
            )
        elif day < sale["event_date"] and not task.extract.is_export:
            problems.append(
                Problem(index, "refunded_on", f"lies before the sale ({sale['event_date']})")
            )
    return problems


def total_above(sale: Row, of_line: Mapping[str, Row], row: Row) -> bool:
    """Whether more was given back than the line and its shipping cost."""
    if not sale.get("gross"):
        return False
    paid = int(sale["gross"]) - int(sale["discount"]) + int(sale["shipping"])
    is_dated = not str(row["natural_key"]).endswith(REFUND)
    # What a day accounts for is taken off the refund that has none.
    others = sum(
        int(other["refund"])
        for key, other in of_line.items()
        if key != row["natural_key"] and not (is_dated and key.endswith(REFUND))
    )
    return int(row["refund"]) + others > paid


def _take_off(settled: Settled, index: int, of_line: dict[str, Row], key: str, row: Row) -> None:
    """Take what a day accounts for off the refund that followed from the line's status."""
    whole = of_line.get(key + REFUND)
    if whole is None:
        return
    before = of_line.get(str(row["natural_key"]))
    added = int(row["refund"]) - (0 if before is None else int(before["refund"]))
    rest = max(0, int(whole["refund"]) - added)
    settled.rows = [(i, r) for i, r in settled.rows if r["natural_key"] != key + REFUND]
    if rest == 0:
        del of_line[key + REFUND]
        settled.taken_back.append((index, key + REFUND))
    elif rest != whole["refund"]:
        of_line[key + REFUND] = {**whole, "refund": rest}
        settled.rows.append((index, _columns(of_line[key + REFUND])))


def _take_back(
    task: Task,
    sales: pd.DataFrame,
    known: Mapping[str, Mapping[str, Row]],
    known_sales: pd.DataFrame,
    settled: Settled,
) -> None:
    """The status tells of the whole, the amount of a part; a file takes back what it tells of."""
    for index, key in by_index(sales["natural_key"]):
        of_line = known.get(key, {})
        if key + REFUND in of_line:
            is_whole = _known_part(key, of_line, known_sales) is None
            if ("status" if is_whole else "refund") not in task.absent:
                settled.taken_back.append((index, key + REFUND))


def _restate_whole(
    sales: pd.DataFrame,
    known: Mapping[str, Mapping[str, Row]],
    known_sales: pd.DataFrame,
    settled: Settled,
) -> None:
    """What was given back whole stays whole when another file tells of a discount."""
    paid = (sales["gross"] - sales["discount"]).astype("int64").tolist()
    for (index, key), whole in zip(by_index(sales["natural_key"]), paid, strict=True):
        of_line = known.get(key, {})
        if key + REFUND not in of_line or _known_part(key, of_line, known_sales) is not None:
            continue
        rest = whole - _dated(of_line)
        if rest > 0:
            row = {**of_line[key + REFUND], "refund": rest}
            settled.rows.append((index, _columns(row)))


def _known_part(key: str, of_line: Mapping[str, Row], known_sales: pd.DataFrame) -> int | None:
    """What is known to have been given back of a sale, where it was a part of it."""
    if key not in known_sales.index:
        return None
    sale = known_sales.loc[key].to_dict()
    told = int(of_line[key + REFUND]["refund"]) + _dated(of_line)
    return None if told == int(sale["gross"]) - int(sale["discount"]) else told


def _dated(of_line: Mapping[str, Row]) -> int:
    return sum(int(row["refund"]) for key, row in of_line.items() if not key.endswith(REFUND))


def _refund(
    task: Task, sale: Mapping[Any, Any], key: str, amount: int, telling: Mapping[Any, Any]
) -> Row:
    stated_on = task.extract.stated_on
    return {
        **{name: sale[name] for name in _OF_THE_SALE},
        "natural_key": key,
        "event_date": telling["day"],
        "known_from": telling["day"],
        "entry": "refund",
        "gross": 0,
        "discount": 0,
        "shipping": 0,
        "fee": 0,
        **_TOLD_OF_SALES_ALONE,
        "refund": amount,
        "refund_cause": telling["cause"] or "buyer",
        "day_inferred": bool(telling["inferred"]),
        "stated_on": None if stated_on is None else stated_on.isoformat(),
    }


def _completed(task: Task, row: Row, before: Row | None) -> Row:
    """A refund with what is known of it already where the file does not say."""
    if before is None:
        return row
    if "refund_cause" in task.absent:
        row["refund_cause"] = before["refund_cause"]
    if not task.extract.is_export and task.extract.kind.value == "sales":
        return row
    known_day, known_inferred = before["event_date"], bool(before["day_inferred"])
    is_told = row["day_inferred"] and not known_inferred
    is_alike = row["day_inferred"] and known_inferred
    if task.extract.is_export:
        is_alike = row["day_inferred"] == known_inferred
    if is_told or (is_alike and known_day < row["event_date"]):
        # A day of its own is better than one inferred; of two alike, the earlier file knew.
        row |= {"event_date": known_day, "known_from": known_day, "day_inferred": known_inferred}
    # Whoever names a cause knows more than who names none, which counts as the buyer's.
    if row["refund_cause"] == "buyer":
        row["refund_cause"] = before["refund_cause"]
    elif task.extract.is_export and before["refund_cause"] != "buyer":
        row["refund_cause"] = max(row["refund_cause"], before["refund_cause"])
    return row


def _no_sale(task: Task, cell: Row, position: int, currency: str) -> Row:
    stated_on = task.extract.stated_on
    return {
        "founder_id": int(task.founder_ids.iloc[position]),
        "channel": cell["channel"],
        "order_line": cell["order_line"],
        "currency": currency,
        **_TOLD_OF_SALES_ALONE,
        "stated_on": None if stated_on is None else stated_on.isoformat(),
        "held": None,
    }


def _currencies(cells: pd.DataFrame, sales: pd.DataFrame) -> pd.Series[str]:
    keys = cells["founder"] + SEPARATOR + cells["channel"] + SEPARATOR + cells["order_line"]
    return keys.map(sales["currency"].astype("str"))


def _columns(row: Row) -> Row:
    extra = {"id", "source", "import_id", "event_day", "learned_at", "recorded_at"}
    marks = {"superseded_learned_at", "superseded_recorded_at"}
    kept = {name: value for name, value in row.items() if name not in extra | marks}
    return {**kept, "known_from": row["event_date"]}
