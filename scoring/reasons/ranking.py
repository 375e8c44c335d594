"""Principal reasons: groups of features by the points that they cost or gave.

At most four each way, each group once, ordered by points against a background; none of the top ones
is left out, even where nothing can be done about it (US Reg B, 12 CFR 1002.9, commentary 9(b)(2)).
Features that go together share a group, so that one weakness is not four reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from scoring.features.catalogue import Feature, Kind

MOST_REASONS = 4
Side = Literal["against", "for"]


@dataclass(frozen=True)
class GroupPoints:
    """A reason group's points: the sum over its features."""

    code: str
    points: int
    all_missing: bool


@dataclass(frozen=True)
class GroupTotals:
    """A background's points by reason group, summed over its founders.

    Sums are whole, and a mean is one division of them, so that no rounding decides an order.
    """

    founders: int
    points: Mapping[str, int]


class Reason(BaseModel):
    """A reason group's points against a background; whole against the card's own.

    `missing` where nothing is on file of any of its features.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    missing: bool
    points: int | float


class PrincipalReasons(BaseModel):
    """Up to four reasons each way, strongest first; a group stands on one side only."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    against: tuple[Reason, ...] = ()
    in_favour: tuple[Reason, ...] = Field(
        default=(), validation_alias="for", serialization_alias="for"
    )

    @property
    def by_side(self) -> dict[Side, tuple[Reason, ...]]:
        """Both sides by their names."""
        return {"against": self.against, "for": self.in_favour}


def group_points(
    points: Mapping[str, int],
    values: Mapping[str, float | None],
    features: Mapping[str, Feature],
) -> list[GroupPoints]:
    """Points by neutral reason group, in the catalogue's order; they add up to the same sum."""
    groups: dict[str, list[str]] = {}
    for name, feature in features.items():
        groups.setdefault(feature.reason, []).append(name)
    return [
        GroupPoints(
            code=code,
            points=sum(points[name] for name in names),
            all_missing=all(values.get(name) is None for name in names),
        )
        for code, names in groups.items()
    ]


def group_totals(
    points: Mapping[str, int], features: Mapping[str, Feature], *, founders: int
) -> GroupTotals:
    """A background's points by reason group.

    Args:
        points: sum over its founders, by feature.
        features: the model's, from the catalogue.
        founders: how many.
    """
    totals: dict[str, int] = {}
    for name, total in points.items():
        code = features[name].reason
        totals[code] = totals.get(code, 0) + total
    return GroupTotals(founders, totals)


def principal_reasons(
    groups: list[GroupPoints], against: GroupTotals | None = None
) -> PrincipalReasons:
    """Up to four reasons each way, strongest first, as codes.

    Args:
        groups: a file's points by reason group.
        against: a background whose mean points are taken off first; None where they are 0. A
            group stands on one side only.
    """
    if against is None:
        worth = [(group.points, group) for group in groups]
    else:
        worth = [
            (group.points * against.founders - against.points.get(group.code, 0), group)
            for group in groups
        ]
    losses = sorted((w for w in worth if w[0] < 0), key=lambda w: (w[0], w[1].code))
    gains = sorted((w for w in worth if w[0] > 0), key=lambda w: (-w[0], w[1].code))
    return PrincipalReasons(
        against=tuple(_reason(*entry, against) for entry in losses[:MOST_REASONS]),
        in_favour=tuple(_reason(*entry, against) for entry in gains[:MOST_REASONS]),
    )


def category_shares(points: Mapping[str, int], features: Mapping[str, Feature]) -> dict[Kind, int]:
    """Weight of each kind of information in percent, adding up to 100.

    The share of a kind is that of its points, taken without sign; the remainder of rounding goes
    to the largest fractions (Korea, Credit Information Act Decree art. 31-2(8)).
    """
    weight = dict.fromkeys(Kind, 0)
    for name, feature in features.items():
        weight[feature.kind] += abs(points[name])
    total = sum(weight.values())
    if total == 0:
        return {}
    shares = {kind: 100 * w // total for kind, w in weight.items()}
    by_fraction = sorted(weight, key=lambda kind: (-(100 * weight[kind] % total), kind.value))
    for kind in by_fraction[: 100 - sum(shares.values())]:
        shares[kind] += 1
    return {kind: share for kind, share in shares.items() if share}


def _reason(worth: int, group: GroupPoints, against: GroupTotals | None) -> Reason:
    points = worth if against is None else worth / against.founders
    return Reason(code=group.code, points=points, missing=group.all_missing)
