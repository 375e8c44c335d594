"""What a model says of founders' files: the one definition of a score from values.

One founder is a batch of one. Look-ups and additions are those of the card, in its order, so a
file gets the same numbers to the last bit in whatever company it is scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from scoring.features.catalogue import Feature
from scoring.governance.served import Served
from scoring.models.artefact import INTERVAL_LEVEL, Artefact
from scoring.reasons.ranking import (
    GroupPoints,
    GroupTotals,
    PrincipalReasons,
    category_shares,
    group_points,
    group_totals,
    principal_reasons,
)
from scoring.score.bands import band_of
from scoring.score.document import (
    Backgrounds,
    BackgroundUsed,
    ReasonGroupPoints,
    Scored,
    ScoreRange,
)

Floats = NDArray[np.float64]
Values = Mapping[str, float | None]
"""What is known of one file, by feature; None where nothing is on file."""


@dataclass(frozen=True)
class Assessment:
    """A model's word on files, in their order.

    Attributes:
        served: the model as the lender has it.
        values: shape (files, features of the model), NaN where missing.
        points: whole points, shape (files, features).
        score: base and points, shape (files,).
        log_odds: of bad, shape (files,), from the unrounded card.
        pd: probability of bad, shape (files,).
        pd_low: lower end of its interval of `INTERVAL_LEVEL`, shape (files,).
        pd_high: upper end, shape (files,).
    """

    served: Served
    values: Floats
    points: NDArray[np.int64]
    score: NDArray[np.int64]
    log_odds: Floats
    pd: Floats
    pd_low: Floats
    pd_high: Floats

    def values_of(self, row: int) -> dict[str, float | None]:
        """One file's values by feature; None where nothing is on file."""
        numbers = self.values[row].tolist()
        known = (None if number != number else number for number in numbers)
        return dict(zip(self.artefact.feature_names, known, strict=True))

    def groups(self, row: int) -> list[GroupPoints]:
        """One file's points by neutral reason group."""
        return group_points(self._points(row), self.values_of(row), self._features)

    def reasons(self, groups: list[GroupPoints]) -> PrincipalReasons:
        """A file's principal reasons, against the background that the lender's are against."""
        return principal_reasons(groups, self._background)

    def result(self, row: int) -> Scored:
        """What the score document says of one file."""
        points, groups = self._points(row), self.groups(row)
        lowest, highest = self.artefact.score_range
        score = int(self.score[row])
        return Scored(
            score=score,
            score_range=ScoreRange(lowest=lowest, highest=highest),
            band=band_of(score),
            log_odds=float(self.log_odds[row]),
            pd=float(self.pd[row]),
            pd_low=float(self.pd_low[row]),
            pd_high=float(self.pd_high[row]),
            interval_level=INTERVAL_LEVEL,
            base_points=self.artefact.points.base,
            base_log_odds=self.artefact.scorecard.card_.intercept,
            contributions=self.artefact.scorecard.card_.look_up(self.values_of(row)),
            points_by_feature=points,
            points=tuple(
                ReasonGroupPoints(code=group.code, points=group.points) for group in groups
            ),
            reasons=self.reasons(groups),
            backgrounds=Backgrounds(
                points=BackgroundUsed.of(self.served.points_against),
                reasons=BackgroundUsed.of(self.served.reasons_against),
            ),
            category_shares=category_shares(points, self._features),
        )

    @property
    def artefact(self) -> Artefact:
        """The model."""
        return self.served.artefact

    @cached_property
    def _background(self) -> GroupTotals | None:
        against = self.served.reasons_against
        if against.founders is None:
            return None
        return group_totals(against.total_points, self._features, founders=against.founders)

    @property
    def _features(self) -> dict[str, Feature]:
        return self.artefact.features

    def _points(self, row: int) -> dict[str, int]:
        return dict(zip(self.artefact.feature_names, self.points[row].tolist(), strict=True))


def columns_of(files: Sequence[Values], names: Iterable[str]) -> dict[str, Floats]:
    """Files as columns, each of shape (files,), NaN where a value is missing."""
    return {
        name: np.array(
            [np.nan if file[name] is None else file[name] for file in files], dtype=np.float64
        )
        for name in names
    }


def assess(served: Served, values: Mapping[str, Floats]) -> Assessment:
    """Score files by a model.

    Args:
        served: the model as the lender has it.
        values: by feature, shape (files,), finished, NaN where missing; what the model does not
            use is left aside.

    Raises:
        ValueError: a value is infinite.
    """
    artefact = served.artefact
    rows = np.column_stack([values[name] for name in artefact.feature_names])
    points = artefact.points.points_of_rows(rows)
    log_odds = artefact.scorecard.card_.log_odds_of_rows(rows)
    low, high = artefact.scorecard.interval_of_rows(rows, INTERVAL_LEVEL)
    return Assessment(
        served=served,
        values=rows,
        points=points,
        score=artefact.points.base + points.sum(axis=1),
        log_odds=log_odds,
        pd=expit(log_odds),
        pd_low=low,
        pd_high=high,
    )
