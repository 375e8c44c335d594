"""What each invented order line was worth, who bought it, and what was refunded when."""

from typing import Final

import numpy as np
import pandas as pd

from sample.simulate.people import NEVER, Ints, People
from sample.simulate.sales import CHANNELS

_FEE: Final = np.array([0.055, 0.108, 0.12, 0.12, 0.11, 0.033, 0.10, 0.25, 0.0, 0.035])
_SETTLES_AFTER: Final = np.array([10, 45, 10, 10, 10, 4, 12, 30, 1, 5])
_BULK: Final = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.6, 1.2, 0.8, 0.1])
_EVENTS: Final = CHANNELS.index("events")
_BUYER_CAUSE_RATE: Final = 0.025
_PLATFORM_CAUSE_RATE: Final = 0.003


def price(rng: np.random.Generator, people: People, lines: pd.DataFrame) -> pd.DataFrame:
    """Add money, buyers and refunds to order lines of `sales.sell`.

    Amounts are whole KRW. Days that lie after the end, or never come, are positive numbers. The
    share of lines refunded for the seller's fault falls with quality (2 % at the mean); refunds for
    the buyer's or the platform's reasons fall on everybody alike.
    """
    who, channel, day = (lines[name].to_numpy(dtype=np.int64) for name in ("who", "channel", "day"))
    unit = np.exp(np.log(58_000) + 0.45 * rng.standard_normal(len(people)))[who]
    unit = 100 * np.rint(unit * np.exp(0.25 * rng.standard_normal(who.size)) / 100 + 10)
    extra = 0.45 + 0.35 * np.exp(0.5 * people.size)[who] + _BULK[channel]
    quantity = 1 + rng.poisson(extra)
    gross = (unit * quantity).astype(np.int64)
    discount = _round_to_10(gross * np.where(rng.random(who.size) < 0.2, 0.1, 0.0))
    shipping = np.where((gross < 60_000) & (channel != _EVENTS), 3_000, 0)
    paid_on = day + (rng.random(who.size) < 0.12)
    priced = lines.assign(
        quantity=quantity,
        gross=gross,
        discount=discount,
        shipping=shipping,
        fee=_round_to_10((gross - discount) * _FEE[channel]),
        paid_on=paid_on,
        buyer=_buyers(rng, people, who, channel),
    )
    refunded = _refunds(rng, people, who, day, gross - discount)
    settled_on = paid_on + _SETTLES_AFTER[channel] + rng.integers(0, 4, who.size)
    unsettled = (refunded["status"] != "sold").to_numpy()
    return pd.concat([priced, refunded], axis=1).assign(
        settled_on=np.where(unsettled, NEVER, settled_on)
    )


def _buyers(rng: np.random.Generator, people: People, who: Ints, channel: Ints) -> Ints:
    """Return buyer numbers, -1 where the channel knows none; a few regulars buy again and again."""
    loyal = 1 / (1 + np.exp(1.6 - 0.6 * people.quality))
    lines_each = np.bincount(who, minlength=len(people))
    regular = rng.random(who.size) < loyal[who]
    regulars = np.maximum(3, lines_each // 12)[who]
    passing = np.maximum(20, 3 * lines_each)[who]
    number = np.where(
        regular,
        np.floor(rng.random(who.size) * regulars),
        regulars + np.floor(rng.random(who.size) * passing),
    ).astype(np.int64)
    return np.where(channel == _EVENTS, -1, 1_000 + number)


def _refunds(
    rng: np.random.Generator, people: People, who: Ints, day: Ints, paid: Ints
) -> pd.DataFrame:
    wear = -0.75 * people.quality + 0.6 * rng.standard_normal(len(people))
    seller_rate = np.minimum(0.02 * np.exp(wear), 0.25)[who]
    chance = rng.random(who.size)
    by_seller = chance < seller_rate
    by_buyer = ~by_seller & (chance < seller_rate + _BUYER_CAUSE_RATE)
    by_platform = ~by_seller & ~by_buyer
    by_platform &= chance < seller_rate + _BUYER_CAUSE_RATE + _PLATFORM_CAUSE_RATE
    any_cause = by_seller | by_buyer | by_platform

    form = rng.random(who.size)
    cancelled, returned = any_cause & (form < 0.25), any_cause & (form >= 0.25) & (form < 0.8)
    part = rng.uniform(0.1, 0.5, who.size)
    after = np.where(
        cancelled, rng.integers(0, 3, who.size), 5 + np.minimum(rng.poisson(12, who.size), 40)
    )
    refunded_on = np.where(any_cause, day + after, NEVER)
    known = refunded_on <= 0
    amount = np.where(cancelled | returned, paid, _round_to_10(paid * part))
    return pd.DataFrame(
        {
            "status": np.select(
                [cancelled & known, returned & known], ["cancelled", "returned"], default="sold"
            ),
            "refund": np.where(known, amount, 0),
            "refunded_on": np.where(known, refunded_on, NEVER),
            "refund_cause": np.select(
                [by_seller & known, by_buyer & known, by_platform & known],
                ["seller", "buyer", "platform"],
                default="",
            ),
        }
    )


def _round_to_10(amount: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> Ints:
    return np.asarray(10 * np.rint(amount / 10), dtype=np.int64)
