"""The kinds of members of the average: how each lets coefficients behave."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MemberKind:
    """One member of the average: how deviations from the expert's line behave.

    Attributes:
        name: as shown to analysts.
        heavy_tailed: steps under a Cauchy instead of a Gaussian: cliffs stay cliffs.
        per_feature: one scale per feature instead of one for all.
        firmness: weight of the hyperprior, as twice so many steps seen before.
        towards: squared scale that the hyperprior pulls to; None for the geometric mean of all
            features' squared scales.
        squared_scale: of a feature's whole range: what learning the scales starts from, or without
            it stays at (of straight lines, per unit of normal score).
        anchored: steps stay on the expert's line; only base rate and common gain are learned.
        straight: one slope per feature, round zero and not round the expert's line.
        credit: rows' worth of trust in the average before any row was left out.
    """

    name: str
    heavy_tailed: bool = False
    per_feature: bool = False
    firmness: float = 0.1
    towards: float | None = 1.0
    squared_scale: float = 0.25
    anchored: bool = False
    straight: bool = False
    credit: float = 1.0

    @property
    def scales_are_learned(self) -> bool:
        """Whether the marginal likelihood sets how far coefficients go."""
        return not (self.anchored or self.straight)


ANCHOR = MemberKind("expert's line", anchored=True, credit=4.0)
"""Two numbers can't be overfitted: a few outcomes cost nobody the expert's ranking. An expert who
gave no weights has no line; to average with a constant would only make PDs timid."""

STRAIGHT = MemberKind("straight lines", straight=True, squared_scale=0.3)
"""A ridge regression: what it believes is fixed, for scales learned from a few bads make it timid.
Squared scales of 0.1 to 0.4 do alike (decision 5)."""

SMOOTH = MemberKind("smooth")
SMOOTH_PER_FEATURE = MemberKind("smooth per feature", per_feature=True, firmness=1.0, towards=None)
CLIFFS = MemberKind("cliffs per feature", heavy_tailed=True, per_feature=True)
