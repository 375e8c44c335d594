"""Signs and words that people write beside amounts, and the currencies that each may mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from babel.numbers import list_currencies

_MINUS = str.maketrans({"−": "-", "–": "-", "—": "-", "△": "-", "▲": "-", "▽": "-", "\\": "₩"})
_AMOUNT = re.compile(
    r"(?P<opening>[-+(]{0,2})(?P<before>[^0-9.,()+-]*)(?P<sign>[-+(]?)"
    r"(?P<number>[0-9.,]+([eE]\+?[0-9]{1,2})?)(?P<after>[^0-9()+-]*)(?P<closing>[)-]{0,2})"
)
_DOLLARS = frozenset(
    ("USD", "ARS", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "CLP", "COP", "CUP", "DOP")
    + ("FJD", "GYD", "HKD", "JMD", "KYD", "LRD", "MXN", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD")
    + ("TWD", "UYU", "XCD")
)
_POUNDS = frozenset(("GBP", "EGP", "FKP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP"))
_SIGNS: dict[str, Collection[str]] = {
    **dict.fromkeys(("₩", "원", "won"), ("KRW",)),
    **dict.fromkeys(("$", "달러", "불"), _DOLLARS),
    **dict.fromkeys(("us$", "미불"), ("USD",)),
    **dict.fromkeys(("a$", "au$"), ("AUD",)),
    **dict.fromkeys(("c$", "ca$", "cdn$"), ("CAD",)),
    **dict.fromkeys(("s$", "sg$"), ("SGD",)),
    **dict.fromkeys(("mx$", "mex$"), ("MXN",)),
    **{"hk$": ("HKD",), "nt$": ("TWD",), "nz$": ("NZD",), "r$": ("BRL",), "ar$": ("ARS",)},
    **dict.fromkeys(("€", "유로"), ("EUR",)),
    "£": _POUNDS,
    "¥": ("JPY", "CNY"),
    **dict.fromkeys(("円", "엔", "jp¥"), ("JPY",)),
    **dict.fromkeys(("위안", "rmb", "cn¥"), ("CNY",)),
    "元": ("CNY", "HKD", "MOP", "TWD"),
    **dict.fromkeys(("kr", "kr."), ("SEK", "NOK", "DKK", "ISK")),
}


@dataclass(frozen=True)
class WrittenAmount:
    """An amount parted from the signs beside it.

    Attributes:
        number: the number, its minus and brackets as written.
        signs: what stands before and behind it, in lower case; those that are there.
    """

    number: str
    signs: tuple[str, ...]


def parted(cell: str) -> WrittenAmount | None:
    """A cell's number and the signs beside it; None where the cell is no number with signs.

    An apostrophe in front keeps a spreadsheet from taking a cell for a formula.
    """
    text = unicodedata.normalize("NFKC", cell).removeprefix("'").translate(_MINUS)
    found = _AMOUNT.fullmatch("".join(text.split()))
    if found is None:
        return None
    number = found["opening"] + found["sign"] + found["number"] + found["closing"]
    signs = (found["before"].casefold(), found["after"].casefold())
    return WrittenAmount(number, tuple(sign for sign in signs if sign))


@cache
def currencies_of(sign: str) -> frozenset[str]:
    """The currencies, by ISO 4217, that a sign, word or code may mean; none where it is unknown."""
    written = "".join(unicodedata.normalize("NFKC", sign).split()).casefold()
    if written.upper() in _codes():
        return frozenset((written.upper(),))
    return frozenset(_SIGNS.get(written, ()))


@cache
def _codes() -> frozenset[str]:
    return frozenset(list_currencies())
