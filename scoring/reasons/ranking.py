"""Principal reasons: groups of features by the points that they cost or gave.

At most four each way, each group once, ordered by points; none of the top ones is left out, even
where nothing can be done about it (US Reg B, 12 CFR 1002.9, commentary 9(b)(2)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scoring.features.catalogue import Feature, Kind

MOST_REASONS = 4


@dataclass(frozen=True)
class GroupPoints:
    """A reason group's points: the sum over its features."""

    code: str
    points: int
    all_missing: bool


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


def principal_reasons(groups: list[GroupPoints]) -> dict[str, list[dict[str, Any]]]:
    """Up to four reasons `against` and `for`, strongest first, as codes."""
    losses = sorted((g for g in groups if g.points < 0), key=lambda g: (g.points, g.code))
    gains = sorted((g for g in groups if g.points > 0), key=lambda g: (-g.points, g.code))
    return {
        "against": [_reason(group) for group in losses[:MOST_REASONS]],
        "for": [_reason(group) for group in gains[:MOST_REASONS]],
    }


def category_shares(points: Mapping[str, int], features: Mapping[str, Feature]) -> dict[str, int]:
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
    shares = {kind.value: 100 * w // total for kind, w in weight.items()}
    by_fraction = sorted(weight, key=lambda kind: (-(100 * weight[kind] % total), kind.value))
    for kind in by_fraction[: 100 - sum(shares.values())]:
        shares[kind.value] += 1
    return {kind: share for kind, share in shares.items() if share}


def _reason(group: GroupPoints) -> dict[str, Any]:
    return {"code": group.code, "points": group.points, "missing": group.all_missing}
