"""The scorecard as a table: each feature, its bins, points, and what became of loans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scoring.features.catalogue import Feature
from scoring.models.artefact import Artefact
from scoring.models.card.bin_outcomes import BinOutcomes
from scoring.models.card.log_odds import CardFeature
from scoring.models.card.points import PointsFeature
from scoring.published.bins import NO_RECORD, bin_label, edges_of
from scoring.published.disclosure import FEWEST_FOUNDERS, shown_outcomes
from scoring.published.variant import CardVariant
from scoring.published.written import label_text

TOO_THIN = (
    "A card gives every file points. It can't tell which file is too thin for a score: the API and "
    "the command foothold score can."
)
_FINISHED = (
    "Values are finished ones, as a score's features have them: rounded, and ratios pulled towards "
    "a constant."
)
_OF_OUTCOMES = (
    "Bad rate and WoE: of those loans, each feature alone. WoE is the weight of "
    "evidence, ln of the bin's share of good loans over its share of bad ones: above 0 is safer "
    "than average. Half a loan is added to both counts where a bin has no good or no bad one.",
    f"Neither is shown of fewer than {FEWEST_FOUNDERS} founders, nor where it could be worked out "
    "from the rest of the feature (–).",
)


@dataclass(frozen=True)
class Bin:
    """One line of the table.

    Attributes:
        label: the bin in words, with its unit.
        points: whole points.
        share: of the background that lies in it, 0 to 1; None where there was nobody.
        bad_rate: bad loans of all in it, 0 to 1 in hundredths; None where not known, not shown or
            no loans.
        weight_of_evidence: ln of its share of goods over its share of bads; above 0 is safer than
            average; half a loan is added to both where one is lacking. Two decimals; None as
            `bad_rate`.
    """

    label: str
    points: int
    share: float | None
    bad_rate: float | None
    weight_of_evidence: float | None


@dataclass(frozen=True)
class FeatureTable:
    """One feature's part; `spread` is the points from its worst to its best bin."""

    name: str
    kind: str
    description: str
    direction: str
    spread: int
    bins: tuple[Bin, ...]

    @property
    def label(self) -> str:
        """What it measures, in the first words of its description."""
        return label_text(self.description)

    @property
    def details(self) -> str:
        """The rest of its description; may be empty."""
        return self.description.removeprefix(self.label).lstrip(";. ").strip()

    @property
    def known_share(self) -> float:
        """Share of the background that has a value."""
        return sum(each.share or 0.0 for each in self.bins[:-1])


@dataclass(frozen=True)
class ScorecardTable:
    """The whole card, features in the order of the points that each can move.

    Attributes:
        model: reference.
        variant: which of the model's cards it is.
        kind: `fitted` or `expert_prior`.
        currency: of its amounts.
        deployment_profile: that it was trained for.
        base: points before any feature's.
        lowest: score that it can give.
        highest: the same.
        anchor: points that stand for the anchor odds.
        anchor_odds: good loans to one bad at the anchor.
        points_to_double_odds: points that double them.
        largest_rounding_difference: points between a score and the unrounded one, at most.
        has_outcomes: whether it tells outcomes by bin.
        features: the parts.
    """

    model: str
    variant: CardVariant
    kind: str
    currency: str
    deployment_profile: str
    base: int
    lowest: int
    highest: int
    anchor: float
    anchor_odds: float
    points_to_double_odds: float
    largest_rounding_difference: float
    has_outcomes: bool
    features: tuple[FeatureTable, ...]

    @property
    def most_points(self) -> int:
        """The most that one bin gives or costs, at least one."""
        return max([1, *(abs(each.points) for f in self.features for each in f.bins)])

    @property
    def title(self) -> str:
        """What stands over it."""
        return f"Scorecard {self.variant.named(self.model)}"

    @property
    def sentence(self) -> str:
        """How a score is made."""
        return (
            f"Score = {self.base} + the points of one bin per feature. {self.anchor:.0f} points "
            f"stand for {self.anchor_odds:.0f} good loans to one bad; "
            f"{self.points_to_double_odds:.0f} points more double that. "
            f"Possible scores: {self.lowest} to {self.highest}."
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the columns."""
        whose = self.variant.sentence
        if self.has_outcomes:
            shares = "Share: of the loans that the model was trained on."
            return (shares, *_OF_OUTCOMES, _FINISHED, TOO_THIN, whose)
        shares = "Share: of those whom the model was made on."
        return (shares, self._why_no_outcomes, _FINISHED, TOO_THIN, whose)

    @property
    def _why_no_outcomes(self) -> str:
        if self.kind == "expert_prior":
            return (
                "No outcome has moved this model: the points are an expert's opinion, and there is "
                "no bad rate."
            )
        return (
            "Bad rates stand in the table of the plain card alone: its bins are others, and "
            "from two tables of one model could be worked out what each hides."
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return asdict(self) | {"notes": list(self.notes)}


def scorecard_table(
    artefact: Artefact, *, model: str, kind: str, variant: CardVariant = CardVariant.PLAIN
) -> ScorecardTable:
    """The table of a model.

    Outcomes by bin are told of the plain card alone: two tables of one model could be subtracted.

    Args:
        artefact: the model, its card as `variant` says.
        model: its reference.
        kind: `fitted` or `expert_prior`.
        variant: which of its cards.

    Raises:
        ModelError: this version's catalogue lacks one of its features.
    """
    catalogue = artefact.features
    outcomes = artefact.bin_outcomes if variant is CardVariant.PLAIN else {}
    card = {feature.name: feature for feature in artefact.scorecard.card_.features}
    tables = [
        _feature_table(
            points,
            card[points.name],
            catalogue[points.name],
            outcomes.get(points.name),
            artefact.currency,
        )
        for points in artefact.points.features
    ]
    nobody = not any(table.known_share for table in tables)  # then all is the expert's word
    lowest, highest = artefact.score_range
    scale = artefact.points.scale
    return ScorecardTable(
        model=model,
        variant=variant,
        kind=kind,
        currency=artefact.currency,
        deployment_profile=artefact.deployment_profile.value,
        base=artefact.points.base,
        lowest=lowest,
        highest=highest,
        anchor=scale.anchor_points,
        anchor_odds=scale.anchor_odds,
        points_to_double_odds=scale.points_to_double_odds,
        largest_rounding_difference=artefact.points.largest_rounding_difference,
        has_outcomes=bool(outcomes),
        features=tuple(
            sorted(
                tables,
                key=lambda table: (-table.spread if table.known_share or nobody else 0, table.name),
            )
        ),
    )


def joined(points: PointsFeature) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Cuts and points with neighbouring bins of equal points made one: it scores the same."""
    kept = _last_of_each(points)[:-1]
    earned = points.points
    return tuple(points.cuts[p] for p in kept), (*(earned[p] for p in kept), earned[-1])


def _last_of_each(points: PointsFeature) -> list[int]:
    """Place of the last bin of each run of equal points."""
    earned = points.points
    runs = [at for at in range(len(points.cuts)) if earned[at] != earned[at + 1]]
    return [*runs, len(points.cuts)]


def _feature_table(
    points: PointsFeature,
    card: CardFeature,
    feature: Feature,
    outcomes: BinOutcomes | None,
    currency: str,
) -> FeatureTable:
    cuts, earned = joined(points)
    last = _last_of_each(points)
    edges = edges_of(cuts, feature.decimals)
    labels = [*(bin_label(each, feature, currency) for each in edges), NO_RECORD]
    shares = _summed((*card.background_share, card.background_missing_share), last)
    shown: list[tuple[float, float] | None] = [None] * len(labels)
    if outcomes is not None:
        parts = (outcomes.goods, outcomes.bads, outcomes.founders)
        shown = shown_outcomes(*(_summed(part, last) for part in parts))
    background = sum(shares)
    bins = tuple(
        Bin(label, each, share if background else None, *(told or (None, None)))
        for label, each, share, told in zip(
            labels, (*earned, points.missing_points), shares, shown, strict=True
        )
    )
    return FeatureTable(
        name=points.name,
        kind=feature.kind.value.replace("_", " "),
        description=feature.description,
        direction=feature.direction.words,
        spread=max(points.points) - min(points.points),
        bins=tuple(
            each
            for each, edge in zip(bins, (*edges, None), strict=True)
            if edge is None or not edge.is_empty
        ),
    )


def _summed(values: Sequence[float], last: list[int]) -> list[float]:
    """Values of bins added up over joined ones; that of missing, the last, stays alone."""
    starts = [0, *(place + 1 for place in last[:-1])]
    joined_up = [sum(values[start : end + 1]) for start, end in zip(starts, last, strict=True)]
    return [*joined_up, values[-1]]
