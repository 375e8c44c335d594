"""ESM Plus: one export for two markets, Gmarket and Auction; several goods may share a number."""

from __future__ import annotations

import pandas as pd

from scoring.intake.formats.declarations import normalised
from scoring.intake.formats.orders.sale_rows import column, digests
from scoring.intake.formats.orders.shops.rules import Channels, PartReferences, ShopRules
from scoring.intake.formats.orders.states import meanings
from scoring.intake.formats.table_rows import titles_above
from scoring.intake.formats.tables import Table

_GMARKET, _AUCTION = "gmarket", "auction"
_UNTOLD = (
    "The file does not say whether it is of Gmarket or of Auction. Orders that another file has "
    "under one of them would count twice: add a column 판매사이트 to it."
)


def told_apart_by_goods(cells: pd.DataFrame, parts: PartReferences) -> pd.Series[str]:
    """The order's number; where several goods share it, with a digest of each one's own number."""
    [lines] = parts
    for name in ("product", "option"):
        goods = column(cells, name)
        different = goods.where(goods != "").groupby(lines).transform("nunique")
        shares_number = (different > 1) & (goods != "")
        if shares_number.any():
            lines = lines.where(~shares_number, lines + "-" + digests(cells, (name,), length=8))
    return lines


def markets(table: Table, cells: pd.DataFrame) -> Channels:
    """The market that a column, the seller's account or a title tells; else both as one."""
    market = meanings(table.format, cells, "site", "")
    account = column(cells, "account").str.upper()
    market = market.where((market != "") | ~account.str.startswith("G_"), _GMARKET)
    market = market.where((market != "") | ~account.str.startswith("A_"), _AUCTION)
    market = market.where(market != "", _market_in_words(table))
    is_untold = bool((market == table.format.name.value).any())
    return Channels(market, (_UNTOLD,) if is_untold else ())


def _market_in_words(table: Table) -> str:
    """The market that the headers, or the titles above them, name if they name one."""
    headers = [header for header in table.headers if "우수회원" not in header]
    for texts in (headers, titles_above(table)):
        words = normalised("".join(texts))
        named = {market for word, market in table.format.words["site"].items() if word in words}
        if len(named) == 1:
            return named.pop()
    return table.format.name.value


RULES = ShopRules(name_lines=told_apart_by_goods, channels=markets)
