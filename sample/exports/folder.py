"""The folder of sample exports: every format, in the encodings and containers that people send."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from sample.exports import bank, cafe24, coupang, elevenst, esmplus, smartstore, webshop
from sample.exports.attendance import write_attendance
from sample.exports.cells import AmountStyle, DayStyle, Style
from sample.exports.draft import Draft
from sample.exports.guide import guide
from sample.exports.ledgers import write_ledgers
from sample.exports.lines import Line
from sample.exports.pages import Page, write_html, write_text, write_workbook
from sample.exports.shops import account_of, between, shop_of
from sample.exports.written import LAST_DAY, Written
from sample.simulate import Portfolio, simulate_portfolio

PASSWORD: Final = "2026"
"""Of the workbook that has one; shops let a seller set four digits."""

_EARLY: Final = LAST_DAY - timedelta(days=30)
_FROM: Final = LAST_DAY - timedelta(days=110)
_AGAIN_FROM: Final = _EARLY - timedelta(days=20)

Write = Callable[[Page, Path], None]


@dataclass(frozen=True)
class Variant:
    """One way in which a draft becomes a file: what its name ends in, and how it is written."""

    ending: str
    write: Write
    password: str | None = None


def _utf8(amount: AmountStyle, day: DayStyle, *, quoted_digits: bool = False) -> Variant:
    style = Style(amount, day, quoted_digits, padding="\u00a0\u200b")
    return Variant("utf8.csv", partial(write_text, style=style))


def _cp949(amount: AmountStyle, day: DayStyle) -> Variant:
    style = Style(amount, day, padding="\u3000")
    return Variant("cp949.csv", partial(write_text, style=style, encoding="cp949"))


def _utf16(amount: AmountStyle, day: DayStyle) -> Variant:
    style = Style(amount, day)
    write = partial(write_text, style=style, encoding="utf-16", delimiter="\t")
    return Variant("utf16.csv", write)


def _workbook(amount: AmountStyle, day: DayStyle | None, *, quoted_digits: bool = False) -> Variant:
    style = Style(amount, day, quoted_digits)
    return Variant("xlsx", partial(write_workbook, style=style))


def _locked() -> Variant:
    style = Style(AmountStyle.PLAIN, DayStyle.SECONDS, quoted_digits=True)
    write = partial(write_workbook, style=style, password=PASSWORD)
    return Variant("locked.xlsx", write, password=PASSWORD)


def _html() -> Variant:
    return Variant("xls", partial(write_html, style=Style(AmountStyle.COMMAS, DayStyle.DOTS)))


_A, _D = AmountStyle, DayStyle
_FULL: Final[dict[str, tuple[Variant, ...]]] = {
    "smartstore": (
        _utf8(_A.WON_SIGN, _D.SECONDS),
        _cp949(_A.BACKSLASH, _D.DIGITS),
        _workbook(_A.PLAIN, None),
        _locked(),
    ),
    "esmplus": (
        _utf8(_A.COMMAS, _D.SHORT),
        _cp949(_A.WON, _D.KOREAN),
        _workbook(_A.COMMAS, _D.SECONDS, quoted_digits=True),
    ),
    "coupang": (
        _utf8(_A.WON, _D.DOTS, quoted_digits=True),
        _cp949(_A.COMMAS, _D.SECONDS),
        _workbook(_A.COMMAS, None),
    ),
    "elevenst": (
        _utf8(_A.FULL_WIDTH, _D.HALF_DAYS),
        _cp949(_A.COMMAS, _D.SHORT),
        _workbook(_A.WON_SIGN, _D.SERIAL),
    ),
    "cafe24": (
        _utf8(_A.COMMAS, _D.SECONDS),
        _cp949(_A.WON, _D.DOTS),
        _utf16(_A.PLAIN, _D.SECONDS),
        _workbook(_A.PLAIN, None),
    ),
    "webshop": (
        _utf8(_A.PLAIN, _D.MONTH_FIRST),
        _cp949(_A.PLAIN, _D.MONTH_FIRST),
        _workbook(_A.PLAIN, None),
    ),
    "bank_statement": (
        _utf8(_A.COMMAS, _D.SECONDS),
        _cp949(_A.WON, _D.DOTS),
        _workbook(_A.PLAIN, None),
    ),
}
_PLAIN_CSV: Final = (_utf8(_A.COMMAS, _D.SECONDS),)
_ENDINGS: Final[dict[str, tuple[Variant, ...]]] = {
    "settlement-cases": (_utf8(_A.COMMAS, _D.SECONDS),),
    "claims-done": (_cp949(_A.WON, _D.DOTS),),
    "settlement-gmarket": (_html(),),
    "settlement-auction": (_cp949(_A.COMMAS, _D.SECONDS),),
    "claims": (_workbook(_A.PLAIN, None), _utf8(_A.COMMAS, _D.SECONDS)),
}


def write_exports(folder: Path, seed: int = 7) -> list[Written]:
    """Write a folder of exports as shops, banks, programmes and lenders send them.

    Everything is of founders of the sample portfolio of the same seed, and invented. The same
    seed gives the same records; files of the same names are replaced.

    Args:
        folder: where they go; made if it is missing.
        seed: of the sample portfolio.

    Returns:
        Every file with what it means, those that need another before them after it.
    """
    portfolio = simulate_portfolio(seed=seed, until=LAST_DAY)
    written = [
        *write_sales(folder, portfolio),
        *write_statements(folder, portfolio),
        *write_attendance(folder, portfolio),
        *write_ledgers(folder, portfolio),
    ]
    (folder / "README.txt").write_text(
        guide(written, folder=folder, seed=seed, last_day=LAST_DAY), encoding="utf-8", newline="\n"
    )
    return written


def write_sales(folder: Path, portfolio: Portfolio) -> list[Written]:
    """Write the exports of every kind of shop."""
    return [
        one
        for drafts in (_smartstore, _esmplus, _coupang, _elevenst, _cafe24, _webshop)
        for draft in drafts(portfolio)
        for one in _files(folder, draft)
    ]


def write_statements(folder: Path, portfolio: Portfolio) -> list[Written]:
    """Write statements of a founder's account."""
    founder, account = account_of(portfolio)
    drafts = (
        bank.statement("statement", account, founder=founder),
        bank.statement_newest_first("statement-newest-first", account, founder=founder),
    )
    return [one for draft in drafts for one in _files(folder, draft)]


def _files(folder: Path, draft: Draft) -> Iterator[Written]:
    """A draft in each of its variants; the first list of each shop in all that there are."""
    own = folder / draft.format_name.value
    own.mkdir(parents=True, exist_ok=True)
    whole = draft.name.endswith("-early") or draft.name in ("invoices", "statement")
    variants = _FULL[draft.format_name] if whole else _ENDINGS.get(draft.name, _PLAIN_CSV)
    for variant in variants:
        path = own / f"{draft.name}.{variant.ending}"
        variant.write(draft.page, path)
        yield Written(
            path=path,
            format_name=draft.format_name,
            founder=draft.founder,
            options={} if variant.password is None else {"password": variant.password},
            truth=draft.truth,
            kind=draft.kind,
            expected=draft.expected,
            about=draft.about,
            follows=draft.follows,
        )


def _both(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Orders of an early export, and of a later one that tells of some of them again."""
    return between(lines, _FROM, _EARLY), between(lines, _AGAIN_FROM, LAST_DAY)


def _smartstore(portfolio: Portfolio) -> Iterator[Draft]:
    founder, lines = shop_of(portfolio, ["smartstore"], prefix="202602")
    early, later = _both(lines)
    yield smartstore.order_list("orders-early", early, founder=founder, on=_EARLY)
    yield smartstore.order_list("orders-later", later, founder=founder, on=LAST_DAY)
    yield smartstore.claim_list("claims-done", lines, founder=founder, on=LAST_DAY)
    yield smartstore.settlement("settlement-cases", lines, founder=founder, on=LAST_DAY)


def _esmplus(portfolio: Portfolio) -> Iterator[Draft]:
    founder, lines = shop_of(portfolio, ["gmarket", "auction"], prefix="4160")
    early, later = _both(lines)
    yield esmplus.order_list("orders-early", early, founder=founder, on=_EARLY)
    yield esmplus.order_list("orders-later", later, founder=founder, on=LAST_DAY)
    for market in ("gmarket", "auction"):
        name = f"settlement-{market}"
        yield esmplus.settlement(name, lines, founder=founder, market=market, on=LAST_DAY)


def _coupang(portfolio: Portfolio) -> Iterator[Draft]:
    founder, lines = shop_of(portfolio, ["coupang"], prefix="31000")
    early, later = _both(lines)
    yield coupang.order_list("orders-early", early, founder=founder, on=_EARLY)
    yield coupang.order_list("orders-later", later, founder=founder, on=LAST_DAY)
    yield coupang.claim_list("claims", early, founder=founder, on=LAST_DAY, follows="orders-early")
    yield coupang.settlement("settlement", lines, founder=founder, on=LAST_DAY)


def _elevenst(portfolio: Portfolio) -> Iterator[Draft]:
    founder, lines = shop_of(portfolio, ["11st"], prefix="2026110")
    early, later = _both(lines)
    yield elevenst.order_list("orders-early", early, founder=founder, on=_EARLY)
    yield elevenst.order_list("orders-later", later, founder=founder, on=LAST_DAY)


def _cafe24(portfolio: Portfolio) -> Iterator[Draft]:
    founder, lines = shop_of(portfolio, ["cafe24"], prefix="240")
    early, later = _both(cafe24.with_coupons(lines))
    yield cafe24.order_list("orders-early", early, founder=founder, on=_EARLY)
    yield cafe24.order_list("orders-later", later, founder=founder, on=LAST_DAY)


def _webshop(portfolio: Portfolio) -> Iterator[Draft]:
    founder, lines = shop_of(portfolio, ["own_shop"], prefix="5")
    yield webshop.invoice_lines("invoices", lines, founder=founder, on=LAST_DAY)
