"""One currency: amounts that belong together have the same, and nothing is ever converted."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

from scoring.base.errors import SeveralCurrenciesError


def one_currency(codes: Iterable[str]) -> str | None:
    """The currency of amounts that belong together, as of one file, loan or model.

    Args:
        codes: of the amounts, by ISO 4217.

    Returns:
        The code; None where there are no amounts.

    Raises:
        SeveralCurrenciesError: they have more than one; nothing is ever converted.
    """
    different = sorted(set(codes))
    if len(different) > 1:
        raise SeveralCurrenciesError(different)
    return different[0] if different else None


def other_currencies(codes: Iterable[str | None], *, than: str) -> tuple[str, ...]:
    """The currencies of amounts beside the one expected, in alphabetical order.

    Args:
        codes: of the amounts, by ISO 4217; None where there is no amount.
        than: the currency expected, as a model's.
    """
    return tuple(sorted({code for code in codes if code is not None} - {than}))


def money_text(amount: int, currency: str, language: str = "en") -> str:
    """An amount in minor units as people read it, such as ₩12,000.

    Args:
        amount: in minor units.
        currency: ISO 4217 code.
        language: whose way of writing it.
    """
    units = Decimal(amount).scaleb(-get_currency_precision(currency))
    return str(format_currency(units, currency, locale=language))
