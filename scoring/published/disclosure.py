"""Disclosure control: of which bins outcomes are shown, so that nobody's loans can be made out."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

FEWEST_FOUNDERS = 5
"""Of fewer people's loans no outcome is shown: somebody might know whose they are."""

RATE_DECIMALS = 2
"""A bad rate is told in whole percent: sharper ones tell counts of loans."""

WOE_DECIMALS = 2

_SMOOTHING = 0.5  # loans added to goods and bads of a bin that lacks either
_ROUNDED = 1e-6  # parts of founders are stored rounded


def shown_outcomes(
    goods: Sequence[float], bads: Sequence[float], founders: Sequence[float]
) -> list[tuple[float, float] | None]:
    """Bad rate and weight of evidence of each bin, rounded; None where they are not shown.

    Of fewer than `FEWEST_FOUNDERS` nothing is shown; and as shares of the rest and the totals are
    known, the hidden bins together must hold as many, or the next smallest is hidden as well.

    Args:
        goods: good loans in each bin, that of no record last.
        bads: bad ones.
        founders: how many people they are of.
    """
    hidden = _hidden(founders)
    all_goods, all_bads = sum(goods), sum(bads)
    found: list[tuple[float, float] | None] = []
    for i, (good, bad) in enumerate(zip(goods, bads, strict=True)):
        if i in hidden or not all_goods or not all_bads:
            found.append(None)
            continue
        more = 0.0 if good and bad else _SMOOTHING
        weight = log((good + more) / all_goods) - log((bad + more) / all_bads)
        # Adding 0.0 makes a rounded -0.0 the 0.0 that it is.
        found.append(
            (
                round(bad / (good + bad), RATE_DECIMALS),
                round(weight, WOE_DECIMALS) + 0.0,
            )
        )
    return found


def _hidden(founders: Sequence[float]) -> set[int]:
    """Places of the bins to hide: the small ones, and what keeps these from being worked out.

    Features of a kind lack a record of the same people, so what one of them hides of "no record"
    another may show. It therefore hides nothing else while an observed bin is left that can.
    """
    enough = FEWEST_FOUNDERS - _ROUNDED
    hidden = {i for i, people in enumerate(founders) if people < enough}
    no_record = len(founders) - 1
    for place in sorted(range(len(founders)), key=lambda i: (i == no_record, founders[i])):
        kept_back = sum(founders[i] for i in hidden)
        if kept_back == 0 or kept_back >= enough:
            break
        hidden.add(place)
    return hidden
