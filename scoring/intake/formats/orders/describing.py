"""From an export's cells to order lines: what each row tells, by the rules of its shop."""

from __future__ import annotations

import pandas as pd

from scoring.intake.formats.cell_values import each, is_masked
from scoring.intake.formats.orders.amounts import clean_amounts, currencies, fees
from scoring.intake.formats.orders.days import ordered_days
from scoring.intake.formats.orders.order_rows import OrderRows
from scoring.intake.formats.orders.references import DAMAGED_ID, line_references, order_reference
from scoring.intake.formats.orders.remarks import Remarks
from scoring.intake.formats.orders.sale_rows import column
from scoring.intake.formats.orders.shops.rules import ShopRules
from scoring.intake.formats.orders.states import STATUS_UNKNOWN, causes, meanings, states
from scoring.intake.formats.tables import Table

_GOODS, _REFUND, _UNKNOWN_KIND = "goods", "refund", "unknown_kind"


def goods_alone(table: Table, cells: pd.DataFrame, remarks: Remarks) -> pd.DataFrame:
    """The cells without the rows of a settlement that are about no goods."""
    kind = kinds_of_rows(table, cells)
    is_other = ~kind.isin(["", _GOODS, _REFUND])
    for reason in kind[is_other].unique():
        remarks.leave_out(str(reason), kind == reason)
    if (kind == "shipping").any():
        remarks.note("Rows of shipping are left out: shipping is no part of net sales.")
    if (kind == _UNKNOWN_KIND).any():
        remarks.note("Rows of a kind that nobody has declared are left out.")
    return cells[~is_other]


def described(table: Table, rules: ShopRules, cells: pd.DataFrame, remarks: Remarks) -> OrderRows:
    """What each row tells of its order line."""
    currency = currencies(table, cells)
    cells = clean_amounts(cells)
    line, is_damaged = line_references(cells, rules.line_parts, rules.name_lines)
    state, is_unknown = states(table.format, cells)
    amounts = rules.amounts(cells)
    channels = rules.channels(table, cells)
    remarks.note(*channels.notes)
    day, stand_ins = ordered_days(cells)
    for words, count in stand_ins.items():
        remarks.note(f"{count} rows have no order day of their own: {words}.")
    doubt = pd.Series("", index=cells.index, dtype="str")
    return OrderRows(
        cells=cells,
        line=line,
        channel=channels.names,
        kind=kinds_of_rows(table, cells),
        settlement=meanings(table.format, cells, "settlement_kind", ""),
        state=state,
        doubt=doubt.where(~is_unknown, STATUS_UNKNOWN).where(~is_damaged, DAMAGED_ID),
        ordered_on=day,
        gross=amounts.gross,
        unreadable=amounts.unreadable,
        discount=amounts.discount,
        fee=fees(cells),
        given_back=pd.Series(float("nan"), index=cells.index),
        cause=causes(table.format, cells),
        buyer=_buyers(cells),
        currency=currency,
    )


def kinds_of_rows(table: Table, cells: pd.DataFrame) -> pd.Series[str]:
    """What each row of a settlement is about; empty in a file that has orders alone."""
    otherwise = _GOODS if is_claim_list(cells) else _UNKNOWN_KIND
    return meanings(table.format, cells, "row_kind", otherwise)


def is_claim_list(cells: pd.DataFrame) -> bool:
    """Whether a file lists cancellations and returns alone."""
    return "claim_number" in cells and "gross" not in cells


def _buyers(cells: pd.DataFrame) -> pd.Series[str]:
    """The buyer's id, or name where there is no id; masked ones tell nobody apart."""
    ids = each(column(cells, "buyer_id"), _unmasked)
    return ids.where(ids != "", each(column(cells, "buyer_name"), _unmasked))


def _unmasked(cell: str) -> str:
    return "" if is_masked(cell) or cell == "-" else order_reference(cell)
