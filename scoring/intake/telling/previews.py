"""A receipt in words: what was recognised, what became of the rows, what to look at."""

from __future__ import annotations

from collections.abc import Iterator

from babel.numbers import get_currency_precision

from scoring.intake.telling.receipts import Receipt

_TITLES = {
    "smartstore": "Naver SmartStore orders",
    "esmplus": "ESM Plus orders (Gmarket, Auction)",
    "coupang": "Coupang Wing orders",
    "elevenst": "11st orders",
    "cafe24": "Cafe24 orders",
    "webshop": "web shop order lines",
    "attendance_grid": "attendance sheet, a person per row and a session per column",
    "attendance_long": "attendance log, a row per person and session",
    "loan_instalments": "loan ledger by instalment",
    "loan_transactions": "loan ledger by transaction",
    "bank_statement": "bank statement",
    "plain": "Foothold's plain form",
}
# What a doubt means, and what to do about it.
_DOUBTS = {
    "amount_outlier": "an amount of more than 50 times the founder's usual order",
    "before_shop_opened": "ordered before the shop opened",
    "no_such_session": "attendance on a day for which the programme declared no session",
    "status_unknown": "a status that nobody has explained yet (see foothold formats)",
    "decided_before": "somebody decided otherwise about it before",
    "damaged_id": "an order number that a spreadsheet shortened (2.02E+15)",
    "refund_above_sale": "more given back than was paid",
    "other_currency": "in another currency than the lender's book or the founder's records",
    "instalment_off": "an instalment that principal, months and rate can't give",
    "instalment_of_nothing": "an instalment of nothing",
    "schedule_off_principal": "instalments that don't add up to the principal",
    "payment_beyond_owed": "payments beyond all that is owed",
    "tiny_payments": "more than a hundred payments of next to nothing",
    "unknown_person": "a person whom no mapping names",
    "ambiguous_person": "a person whom the mapping gives to several founders",
    "unknown_sale": "a refund whose sale is not on file yet",
    "unknown_loan": "an instalment or repayment whose loan is not on file yet",
}
_WAITING = {"unknown_person", "ambiguous_person", "unknown_sale", "unknown_loan"}


def preview_lines(receipt: Receipt) -> Iterator[str]:
    """The receipt as lines for a terminal."""
    is_preview = receipt.import_id is None
    title = _TITLES.get(receipt.format, receipt.format)
    yield f"{receipt.file}: {title} ({receipt.wrapper}), tells of {receipt.kind}"
    if receipt.format != "plain":
        yield "  columns used:     " + ", ".join(
            header if header == field else f"{field} = {header}"
            for field, header in receipt.used.items()
        )
    if receipt.ignored_columns:
        yield f"  not read, not stored: {', '.join(receipt.ignored_columns)}"
    days = f"{receipt.first_day} to {receipt.last_day}" if receipt.first_day else "no days"
    yield f"  days:             {days}; learned {receipt.learned}"
    yield f"  rows:             {receipt.rows}"
    yield f"    accepted        {receipt.accepted}"
    yield f"    suspect         {receipt.suspect}{_why(receipt, waiting=False)}"
    yield f"    in quarantine   {receipt.quarantined}{_why(receipt, waiting=True)}"
    yield f"    repeated        {receipt.repeated}"
    if receipt.left_out:
        reasons = ", ".join(f"{reason} {count}" for reason, count in receipt.left_out.items())
        yield f"    no records      {sum(receipt.left_out.values())}: {reasons}"
    if receipt.net_sales is not None:
        yield f"  cancelled lines:  {receipt.cancelled}"
        yield f"  net sales:        {_net_sales(receipt.net_sales, receipt.currency)}"
    for note in receipt.notes:
        yield f"  note: {note}"
    if is_preview:
        yield (
            f"Preview: {receipt.added} records would be added and {receipt.corrected} corrected; "
            "nothing was stored."
        )
        return
    yield (
        f"{receipt.added} records added, {receipt.corrected} corrected. "
        f"Receipt {receipt.import_id}."
    )
    if receipt.suspect:
        yield "Suspect records stay out of scoring until confirmed: foothold suspect list."
    if receipt.quarantined:
        yield "Rows in quarantine wait until resolved: foothold quarantine list."


def _why(receipt: Receipt, *, waiting: bool) -> str:
    found = [
        f"{_DOUBTS.get(code, code)} ({count})"
        for code, count in receipt.doubts.items()
        if (code in _WAITING) is waiting
    ]
    return f": {'; '.join(found)}" if found else ""


def _net_sales(amount: int, currency: str | None) -> str:
    if currency is None:  # refunds alone, of sales that no file has told of yet
        return f"{amount} minor units; the sales, which say the currency, are in another file"
    digits = get_currency_precision(currency)
    return f"{amount / 10**digits:,.{digits}f} {currency}, without shipping"
