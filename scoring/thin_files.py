"""When a file is too thin to score, and what would make it enough."""

from __future__ import annotations

from datetime import date
from typing import Any

from scoring.features.build import Content, FounderFile
from scoring.features.catalogue import Kind
from scoring.reasons.texts import texts

_DAYS = 90
_ORDERS = 10
_ACCOUNT_LINES = 10
_INSTALMENTS = 3


def missing_evidence(file: FounderFile, *, as_of: date) -> list[dict[str, Any]]:
    """What is missing; empty when the file can be scored.

    One kind of evidence of what a founder earned or paid is enough. Training alone never is:
    nobody has shown that attendance predicts repayment.
    """
    sales, cash = file.contents[Kind.SALES], file.contents[Kind.CASH_FLOW]
    instalments = file.contents[Kind.REPAYMENT].records
    if (
        (_span(sales, as_of) >= _DAYS and sales.records >= _ORDERS)
        or (_span(cash, as_of) >= _DAYS and cash.records >= _ACCOUNT_LINES)
        or instalments >= _INSTALMENTS
    ):
        return []
    return [
        {
            "code": "sales_history",
            "have": {"days": _span(sales, as_of), "records": sales.records},
            "need": {"days": _DAYS, "records": _ORDERS},
            "text": texts().missing["sales_history"].text.as_dict(),
        },
        {
            "code": "cash_flow_history",
            "have": {"days": _span(cash, as_of), "records": cash.records},
            "need": {"days": _DAYS, "records": _ACCOUNT_LINES},
            "text": texts().missing["cash_flow_history"].text.as_dict(),
        },
        {
            "code": "repayment_history",
            "have": {"records": instalments},
            "need": {"records": _INSTALMENTS},
            "text": texts().missing["repayment_history"].text.as_dict(),
        },
    ]


def _span(content: Content, as_of: date) -> int:
    return 0 if content.first_day is None else (as_of - content.first_day).days + 1
