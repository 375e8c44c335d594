"""Bands of scores: each band halves or doubles the odds of the next (20 points each)."""

from __future__ import annotations

from bisect import bisect_right

# From E to A; a band's lower end: PD 36 %, 22 %, 12 %, 6.6 % and 3.4 % there.
LOWER_ENDS = (130, 150, 170, 190, 210)
BANDS = ("F", "E", "D", "C", "B", "A")


def band_of(score: int) -> str:
    """The band of a score, A (safest) to F."""
    return BANDS[bisect_right(LOWER_ENDS, score)]
