"""What stays fixed while the rest is learned: a feature's cut points, or its whole shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.models.card.binning import Floats, expert_cuts

_ENTRIES = ("cuts", "log_odds", "missing_log_odds")


@dataclass(frozen=True)
class Shape:
    """A feature's whole step function, given and not learned; an offset in the fit.

    Only differences count: the card centres it over its background.

    Attributes:
        log_odds: of bad, one per bin.
        missing_log_odds: of a missing value; None for the mean of the observed bins.
        never_better: a missing value has the mean of the observed bins where it would be safer.
    """

    log_odds: Floats
    missing_log_odds: float | None
    never_better: bool

    def centred(self, shares: Floats) -> Floats:
        """Return log-odds of the bins and, last, of missing, with mean 0 over a background.

        Args:
            shares: background share of each bin and of missing; they sum to 1.
        """
        observed = float(shares[:-1].sum())
        mean = float(shares[:-1] @ self.log_odds) / observed if observed > 0 else 0.0
        missing = mean if self.missing_log_odds is None else self.missing_log_odds
        if self.never_better:
            missing = max(missing, mean)
        table = np.append(self.log_odds, missing)
        return np.asarray(table - float(shares @ table))


@dataclass(frozen=True)
class Fixed:
    """What is fixed of one feature: always its cut points, and its shape where one is given."""

    cuts: Floats
    shape: Shape | None


def fixed_from(
    entry: Mapping[str, Any], name: str, *, direction: int, when_missing: str, most_bins: int
) -> Fixed:
    """Read what is fixed of one feature.

    Args:
        entry: `cuts`, and for a whole shape `log_odds` (one per bin, len(cuts) + 1) and perhaps
            `missing_log_odds` (None for the mean of the observed bins).
        name: of the feature.
        direction: +1, -1 or 0, as declared.
        when_missing: what a missing value may do, as declared.
        most_bins: bins that a feature may have on the card.

    Raises:
        ValueError: if it is not well formed, or goes against what is declared of the feature.
    """
    what = f"what is fixed of {name!r}"
    if not isinstance(entry, Mapping) or "cuts" not in entry or set(entry) - set(_ENTRIES):
        raise ValueError(
            f"{what} must be a mapping with cuts and, for a whole shape, log_odds and perhaps "
            f"missing_log_odds, not {entry!r}."
        )
    cuts = expert_cuts(entry["cuts"], name)
    if cuts.size + 1 > most_bins:
        raise ValueError(f"{what} has {cuts.size + 1} bins; the card has at most {most_bins}.")
    missing = entry.get("missing_log_odds")
    if entry.get("log_odds") is None:
        if missing is not None:
            raise ValueError(f"{what} has missing_log_odds without log_odds.")
        return Fixed(cuts, None)
    log_odds = np.array(entry["log_odds"], dtype=np.float64)
    if log_odds.shape != (cuts.size + 1,) or not np.all(np.isfinite(log_odds)):
        raise ValueError(
            f"{what} needs {cuts.size + 1} finite log_odds for {cuts.size} cuts, "
            f"not {entry['log_odds']!r}."
        )
    if direction and np.any(np.diff(log_odds) * direction < 0):
        turned = "rise" if direction > 0 else "fall"
        raise ValueError(
            f"{what} goes against its declared direction: log-odds of bad must {turned}, or stay, "
            f"from bin to bin, not {log_odds.tolist()}."
        )
    if missing is not None:
        missing = float(missing)
        if not np.isfinite(missing):
            raise ValueError(f"missing_log_odds of {name!r} must be finite, not {missing!r}.")
        if when_missing == "neutral":
            raise ValueError(
                f"a missing {name!r} is declared neutral and can't have log-odds of its own: leave "
                "missing_log_odds out."
            )
    return Fixed(cuts, Shape(log_odds, missing, when_missing == "never_better_than_average"))
