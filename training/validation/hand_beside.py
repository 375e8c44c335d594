"""The hand beside the free fit: the same records judged without it, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scoring.features.catalogue import Feature
from scoring.models.adjustments.hand import ChangedFeature, HandRecord, changes
from scoring.models.artefact import Artefact
from scoring.models.card.points import PointsCard
from scoring.published.bins import NO_RECORD, bin_labels, highest_below
from training.data.dataset import TrainingSet
from training.fit.shaping import Fit, Shaping
from training.measures.folds import Progress
from training.validation.validate import Validation, validate

Validations = tuple[Validation, Validation]
"""Out of time and cross-validated."""

_SET = ("cuts", "merge", "weight_points", "points", "missing_points")


@dataclass(frozen=True)
class Line:
    """One bin of a feature: its range in words, and its points without and with the hand."""

    label: str
    before: int
    after: int


@dataclass(frozen=True)
class Change:
    """One feature that the hand changed: set by hand, or fitted anew round what was.

    `author`, `reason` and `what` are of the entry; None where the feature was fitted anew.
    """

    name: str
    author: str | None
    reason: str | None
    what: str | None
    bins: tuple[Line, ...]


def validation_without_hand(
    data: TrainingSet, shaping: Shaping, *, progress: Progress | None = None
) -> Validations | None:
    """Judge the same records without the hand; None where there is none."""
    if shaping.hand is None:
        return None
    free = replace(shaping, hand=None)
    return validate(data, shaping=free, label="validating without the hand", progress=progress)


def hand_record(free: Fit, shaping: Shaping) -> HandRecord | None:
    """What is kept with the model; None where there is no hand.

    Args:
        free: the fit without the hand, as it would be served.
        shaping: of the model.
    """
    return None if shaping.hand is None else shaping.hand.record(free.scorecard.card_)


def figures_without_hand(free: Validations | None) -> dict[str, Any]:
    """What the registry keeps of the validation without the hand; nothing where there is none."""
    if free is None:
        return {}
    later, crossed = free
    return {"without_hand": {"out_of_time": later.as_dict(), "cross_validation": crossed.as_dict()}}


def changes_by_hand(artefact: Artefact) -> list[Change]:
    """What the hand changed: first what it set, by name, then what was fitted anew."""
    record = artefact.hand
    if record is None:
        return []
    features = artefact.features
    before, after = (_snapped(points, features) for points in (record.free, artefact.points))
    found = {each.name: each for each in changes(before, after)}
    names = [*sorted(record.entries), *(name for name in found if name not in record.entries)]
    told = []
    for name in names:
        entry = record.entries.get(name)
        told.append(
            Change(
                name=name,
                author=None if entry is None else entry["author"],
                reason=None if entry is None else entry["reason"],
                what=None if entry is None else _what(entry) + _capped(features[name], artefact),
                bins=_lines(found.get(name), features[name], artefact.currency),
            )
        )
    return told


def _snapped(points: PointsCard, features: Mapping[str, Feature]) -> PointsCard:
    """Put each cut on the highest value below it: no value lies between the two."""
    return replace(
        points,
        features=tuple(
            replace(
                each,
                cuts=tuple(highest_below(cut, features[each.name].decimals) for cut in each.cuts),
            )
            for each in points.features
        ),
    )


def _lines(change: ChangedFeature | None, feature: Feature, currency: str) -> tuple[Line, ...]:
    if change is None:
        return ()
    cuts = tuple(each.up_to for each in change.bins if each.up_to is not None)
    labels = [*bin_labels(cuts, feature, currency), NO_RECORD]
    return tuple(
        Line(label, each.before, each.after)
        for label, each in zip(labels, change.bins, strict=True)
    )


def _capped(feature: Feature, artefact: Artefact) -> str:
    """Say where a cap on its block is why a feature's points are not those written."""
    factors = [c.factor for c in artefact.block_caps if c.binds and c.block == feature.kind.value]
    return f" (scaled by {factors[0]:.4f}, for its block is capped)" if factors else ""


def _what(entry: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {entry[key]}" for key in _SET if key in entry)
