"""Readers of the Korean shops' exports: order lists, purchase-decided lists and settlements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from scoring.intake.extract import DAY_INFERRED, SUSPECT, Extract, Given, Reading
from scoring.intake.formats.cell_values import each, is_masked
from scoring.intake.formats.declarations import FormatName
from scoring.intake.formats.orders.amounts import (
    clean_amounts,
    currencies,
    fees,
    numbers,
    order_amounts,
    order_refunds,
    shipping_once,
    written,
)
from scoring.intake.formats.orders.channels import UNTOLD, channels
from scoring.intake.formats.orders.days import claim_days, ordered_days
from scoring.intake.formats.orders.lines import AMOUNT, merged_refunds, merged_sales
from scoring.intake.formats.orders.references import DAMAGED_ID, line_references, reference
from scoring.intake.formats.orders.sale_rows import (
    SaleRows,
    column,
    first_filled,
    header_of,
    sale_rows,
)
from scoring.intake.formats.orders.states import (
    CANCELLED,
    GIVEN_BACK,
    SOLD,
    STATUS_UNKNOWN,
    UNPAID,
    causes,
    meanings,
    states,
    tells_of_states,
)
from scoring.intake.formats.tables import Table
from scoring.records.kinds import RecordKind

_IDENTITY = ("order_line", "order", "sequence", "bundle", "claim_number")
_HEADERS = {
    "order_line": ("order_line", "order"),
    "ordered_on": ("ordered_on", "paid_on", "recognised_on", "settled_on"),
    "quantity": ("quantity",),
    "gross": ("total", "final_total", "settlement_base", "gross", "sale_amount", "unit_price"),
    "discount": ("discount_item", "discount_coupon", "discount_seller", "discount_basic"),
    "shipping": ("shipping",),
    "fee": ("fee", "fee_payment"),
    "paid_on": ("paid_on",),
    "settled_on": ("settled_on",),
    "status": ("status", "claim"),
    "refund": ("refund", "final_total", "claimed_quantity"),
    "refunded_on": ("refunded_on", "cancelled_on", "returned_on"),
    "refund_cause": ("fault", "cause"),
    "currency": ("currency",),
    "buyer": ("buyer_id", "buyer_name"),
}
_PARTIAL_AMOUNT = "partial_amount_unknown"


def read(table: Table, given: Given) -> Reading:
    """A shop's export as sales, and as refunds where a row only tells of something given back.

    Raises:
        FileError: never for a cell: what can't be understood is refused by the form, in its place.
    """
    found = sale_rows(table, today=given.today, identity=_IDENTITY)
    notes: list[str] = ["Amounts include VAT, as the export has them."]
    export = _Export(table, given, found, notes)
    return export.reading()


class _Export:
    """One file while it is read; each step takes rows off or adds what it found out."""

    def __init__(self, table: Table, given: Given, found: SaleRows, notes: list[str]) -> None:
        self.table, self.given, self.found, self.notes = table, given, found, notes
        self.name = table.format.name
        self.left_out = found.left_out
        self.repeated = found.repeated
        self.last_day = found.last_day or given.today

    def reading(self) -> Reading:
        rows = self._goods(self.found.rows)
        rows = self._described(rows)
        if self._is_claim_list():
            sales, refunds = rows[:0], self._done_claims(rows)
        else:
            backwards = self._backwards(rows)
            sales, refunds = self._paid(rows[~backwards]), rows[backwards]
        extracts = tuple(self._extracts(sales, refunds))
        return Reading(
            format=self.name.value,
            kind="sales",
            sheet=self.table.sheet.name,
            header_row=self.table.header_row,
            used=self.table.used,
            ignored=self.table.ignored,
            extracts=lambda: (replace(one, cells=one.cells.copy()) for one in extracts),
            notes=tuple(self.notes),
            left_out=dict(+self.left_out),
            repeated=self.repeated,
        )

    def _is_claim_list(self) -> bool:
        return "claim_number" in self.table.fields and "gross" not in self.table.fields

    def _is_order_list(self) -> bool:
        """Whether it states orders themselves: their day, and their status or their discount.

        SmartStore's totals are after a discount that its lists of claims do not name.
        """
        fields = self.table.fields
        if self.name is FormatName.SMARTSTORE and not {"status", "discount_item"} & fields.keys():
            return False
        return "ordered_on" in fields

    def _goods(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Without the rows of a settlement that are no goods."""
        kind = meanings(self.table.format, rows, "row_kind", "?")
        kind = kind.where(kind != "?", "goods" if self._is_claim_list() else "unknown_kind")
        settlement = meanings(self.table.format, rows, "settlement_kind", "")
        rows = rows.assign(_kind=kind, _settlement=settlement)
        other = ~kind.isin(["", "goods", "refund"])
        for reason, count in kind[other].value_counts().items():
            self.left_out[str(reason)] += int(count)
        if (kind == "shipping").any():
            self.notes.append("Rows of shipping are left out: shipping is no part of net sales.")
        if (kind == "unknown_kind").any():
            self.notes.append("Rows of a kind that nobody has declared are left out.")
        return rows[~other]

    def _described(self, rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows.assign(currency=currencies(self.table, rows))
        rows = clean_amounts(rows)
        line, damaged = line_references(rows, self.name)
        state, unknown = states(self.table.format, rows)
        found = order_amounts(self.name, rows)
        suspect = pd.Series("", index=rows.index, dtype="str")
        suspect = suspect.where(~unknown, STATUS_UNKNOWN).where(~damaged, DAMAGED_ID)
        channel = channels(self.table, rows)
        if self.name is FormatName.ESMPLUS and (channel == self.name.value).any():
            self.notes.append(UNTOLD)
        day, how = ordered_days(rows, self.name)
        for source, count in how.items():
            self.notes.append(f"{count} rows have no order day of their own: {source}.")
        rows = rows.assign(
            _line=line,
            _channel=channel,
            _state=state,
            _suspect=suspect,
            _gross=found.gross,
            _unreadable=found.unreadable,
            _day=day,
            _cause=causes(self.table.format, rows),
            _buyer=self._buyers(rows),
            **{AMOUNT: float("nan")},
        )
        if found.discount is not None:
            rows["_discount"] = found.discount
        fee = fees(rows)
        if fee is not None:
            rows["_fee"] = fee
        return rows

    def _buyers(self, rows: pd.DataFrame) -> pd.Series[str]:
        """The buyer's id, or name where there is no id; masked ones tell nobody apart."""
        known = each(column(rows, "buyer_id"), _unmasked)
        return known.where(known != "", each(column(rows, "buyer_name"), _unmasked))

    def _backwards(self, rows: pd.DataFrame) -> pd.Series[bool]:
        """Rows that tell only of something given back: negative ones, or called so."""
        quantity = numbers(column(rows, "quantity"))
        negative = (rows["_gross"] < 0) | (quantity < 0)
        called = (rows["_kind"] == "refund") | (rows["_settlement"] == "refund")
        forward = ~negative & ~called & (rows["_settlement"] != "advance_back")
        paid_out_anyway = rows["_line"].isin(rows.loc[forward, "_line"])
        back = (rows["_settlement"] == "advance_back") & ~paid_out_anyway
        return (negative | called | back) & (rows["_settlement"] != "advance_back") | back

    def _paid(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Without what was never paid, and without advances taken back of settled lines."""
        advance = rows["_settlement"] == "advance_back"
        self.left_out["advance_back"] += int(advance.sum())
        unpaid = rows["_state"] == UNPAID
        paid_on = column(rows, "paid_on")
        if (paid_on != "").any():
            told_sold = (rows["_state"] == SOLD) & (column(rows, "status") != "")
            unpaid |= (paid_on == "") & ~told_sold
        unpaid &= ~advance
        self.left_out[UNPAID] += int(unpaid.sum())
        return self._partly_given_back(rows[~unpaid & ~advance])

    def _partly_given_back(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Lines of which a part was given back keep their sale, and give back that amount."""
        rows = rows.copy()
        net = rows["_gross"] - rows.get("_discount", 0.0)
        back = rows["_state"].isin(GIVEN_BACK)
        amount = pd.Series(float("nan"), index=rows.index)
        if "total" in rows and "final_total" in rows:
            left = numbers(rows["final_total"])
            claimed = column(rows, "quantity_claim").str.upper().eq("Y")
            flagged = claimed | back | ("quantity_claim" not in rows)
            part = flagged & (left > 0) & (left < net)
            amount = amount.where(~part, net - left)
            nothing_left = flagged & (left == 0) & (net > 0) & ~back
            rows.loc[nothing_left, "_state"] = CANCELLED
            unknown = claimed & back & left.isna()
        else:
            claimed = column(rows, "quantity_claim").str.upper().eq("Y")
            unknown = claimed & back
        if "claimed_quantity" in rows:
            taken, all_ = numbers(rows["claimed_quantity"]).abs(), numbers(rows["quantity"])
            part = (taken > 0) & (taken < all_)
            amount = amount.where(~part, (net * taken / all_).round(2))
            rows.loc[(taken > 0) & (taken >= all_) & ~back, "_state"] = CANCELLED
        if self.name is FormatName.CAFE24 and "refund" in rows:
            of_orders = order_refunds(rows, net, back)
            amount = amount.where(of_orders <= 0, of_orders)
        rows.loc[amount.notna(), "_state"] = SOLD
        rows.loc[unknown & (rows["_suspect"] == ""), "_suspect"] = _PARTIAL_AMOUNT
        rows[AMOUNT] = amount
        return rows

    def _done_claims(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Of a list of cancellations and returns, those that are done."""
        kind = first_filled(rows, ("row_kind", "claim_kind"))
        exchange = kind.str.contains("교환")
        self.left_out["exchange"] += int(exchange.sum())
        rows = rows[~exchange].copy()
        ended = first_filled(rows, ("refunded_on", "cancelled_on", "returned_on")) != ""
        said = column(rows, "status") + column(rows, "claim") != ""
        done = rows["_state"].isin(GIVEN_BACK) | (~said & ended)
        doubtful = ~done & ((rows["_suspect"] == STATUS_UNKNOWN) | ~said)
        if "refunded_on" in rows or "cancelled_on" in rows:
            doubtful &= said
        rows.loc[doubtful & (rows["_suspect"] == ""), "_suspect"] = STATUS_UNKNOWN
        self.left_out["not_done"] += int((~done & ~doubtful).sum())
        rows = rows[done | doubtful]
        taken, all_ = (numbers(column(rows, n)).abs() for n in ("claimed_quantity", "quantity"))
        price = numbers(column(rows, "unit_price")).abs()
        amount = numbers(column(rows, "refund")).abs()
        part = (taken > 0) & (taken < all_)
        amount = amount.where(amount.notna() | ~part, price * taken)
        unknown = part & amount.isna() & (rows["_suspect"] == "")
        return rows.assign(
            **{AMOUNT: amount}, _suspect=rows["_suspect"].where(~unknown, _PARTIAL_AMOUNT)
        )

    def _extracts(self, sales: pd.DataFrame, refunds: pd.DataFrame) -> Iterator[Extract]:
        # Settlements and lists of claims fill in what an order list leaves out; they overrule none.
        stated_on = self.last_day if self._is_order_list() else None
        if len(sales) or not len(refunds):
            merged, repeated = merged_sales(sales)
            self.repeated += repeated
            yield Extract(
                RecordKind.SALES,
                self._sales_cells(merged),
                headers=self._headers(),
                is_export=True,
                stated_on=stated_on,
            )
        if len(refunds):
            refunds = refunds.assign(**{AMOUNT: self._refunded(sales, refunds)})
            by_part = self.name is FormatName.COUPANG and not self._is_claim_list()
            merged, repeated, summed = merged_refunds(refunds, same_paid_in_parts=by_part)
            self.repeated += repeated
            if summed:
                self.notes.append(
                    f"{summed} rows give back a further part of an order line on the same day; "
                    "the parts are added up."
                )
            yield Extract(
                RecordKind.REFUNDS,
                self._refund_cells(merged),
                self._headers(),
                None,
                True,
                stated_on,
            )

    def _refunded(self, sales: pd.DataFrame, refunds: pd.DataFrame) -> pd.Series[float]:
        """What each row gives back; NaN, which means all of it, where it undoes its sale's row.

        A row that undoes a sale of a settlement without discounts would else give back more than
        the buyer paid, where an order list names the discount.
        """
        amount = refunds[AMOUNT]
        net = refunds["_gross"].abs() - refunds.get("_discount", 0.0)
        amount = amount.where(amount.notna(), net)
        if "_discount" in sales or not len(sales):
            return amount
        sold = sales.groupby("_line")["_gross"].max()
        return amount.where(refunds["_line"].map(sold) != amount)

    def _sales_cells(self, rows: pd.DataFrame) -> pd.DataFrame:
        quantity = column(rows, "quantity")
        back = rows["_state"].isin(GIVEN_BACK)
        quantity = quantity.where(~quantity.isin(["", "0"]) | ("quantity" in rows) & ~back, "1")
        if "quantity" not in rows and len(rows):
            self.notes.append("The file has no quantities; each line counts as one piece.")
        cells = {
            "founder": pd.Series(self.given.founder or "", index=rows.index, dtype="str"),
            "channel": rows["_channel"],
            "order_line": rows["_line"],
            "ordered_on": rows["_day"],
            "quantity": quantity,
            "gross": written(rows["_gross"]).where(rows["_unreadable"] == "", rows["_unreadable"]),
            "currency": rows["currency"],
        }
        if "_discount" in rows:
            cells["discount"] = written(rows["_discount"])
        shipping = shipping_once(rows, rows["_line"])
        if shipping is not None:
            cells["shipping"] = written(shipping)
        if "_fee" in rows:
            cells["fee"] = written(rows["_fee"])
        for name in ("paid_on", "settled_on"):
            if name in rows:
                cells[name] = rows[name]
        gives_back = back | (rows[AMOUNT] > 0)
        if tells_of_states(self.found.rows) or gives_back.any():
            cells |= self._given_back(rows, gives_back)
        if (rows["_buyer"] != "").any():
            cells["buyer"] = rows["_buyer"]
        return self._marked(cells, rows)

    def _given_back(self, rows: pd.DataFrame, gives_back: pd.Series[bool]) -> dict[str, pd.Series]:
        day, inferred = claim_days(rows, gives_back, self.last_day)
        self._note_inferred(inferred)
        cells = {"status": rows["_state"], "refunded_on": day}
        if rows[AMOUNT].notna().any():
            cells["refund"] = written(rows[AMOUNT])
        if (rows["_cause"] != "").any():
            cells["refund_cause"] = rows["_cause"].where(gives_back, "")
        if inferred.any():
            cells[DAY_INFERRED] = inferred.map({True: "yes", False: ""}).astype("str")
        return cells

    def _refund_cells(self, rows: pd.DataFrame) -> pd.DataFrame:
        all_rows = pd.Series(True, index=rows.index)
        day, inferred = claim_days(rows, all_rows, self.last_day)
        self._note_inferred(inferred)
        cells = {
            "founder": pd.Series(self.given.founder or "", index=rows.index, dtype="str"),
            "channel": rows["_channel"],
            "order_line": rows["_line"],
            "refunded_on": day,
            "refund": written(rows[AMOUNT]),
            "currency": rows["currency"],
            "of_sale": pd.Series("yes", index=rows.index, dtype="str"),
        }
        if (rows["_cause"] != "").any():
            cells["refund_cause"] = rows["_cause"]
        if inferred.any():
            cells[DAY_INFERRED] = inferred.map({True: "yes", False: ""}).astype("str")
        return self._marked(cells, rows)

    def _marked(self, cells: dict[str, pd.Series], rows: pd.DataFrame) -> pd.DataFrame:
        if (rows["_suspect"] != "").any():
            cells[SUSPECT] = rows["_suspect"]
        return pd.DataFrame(cells, index=rows.index)

    def _note_inferred(self, inferred: pd.Series[bool]) -> None:
        if inferred.any():
            self.notes.append(
                f"{int(inferred.sum())} cancellations or refunds have no day of their own and "
                f"count from the export's last day, {self.last_day}."
            )

    def _headers(self) -> dict[str, str]:
        found = {name: header_of(self.table, *fields) for name, fields in _HEADERS.items()}
        return {name: header for name, header in found.items() if header is not None}


def _unmasked(cell: str) -> str:
    return "" if is_masked(cell) or cell == "-" else reference(cell)
