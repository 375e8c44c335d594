"""Principal reasons: groups of features by the points that they cost or gave.

At most four each way, each group once, ordered by points against a background; none of the top ones
is left out, even where nothing can be done about it (US Reg B, 12 CFR 1002.9, commentary 9(b)(2)).
Features that go together share a group, so that one weakness is not four reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from scoring.features.catalogue import Feature, Kind

MOST_REASONS = 4
NO_MEANS: Mapping[str, Fraction] = MappingProxyType({})


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


def group_means(
    mean_points: Mapping[str, Fraction], features: Mapping[str, Feature]
) -> dict[str, Fraction]:
    """Mean points of a background by reason group, exact; empty where it has none by feature."""
    means: dict[str, Fraction] = {}
    for name in mean_points:
        code = features[name].reason
        means[code] = means.get(code, Fraction(0)) + mean_points[name]
    return means


def principal_reasons(
    groups: list[GroupPoints], means: Mapping[str, Fraction] = NO_MEANS
) -> dict[str, list[dict[str, Any]]]:
    """Up to four reasons `against` and `for`, strongest first, as codes.

    Args:
        groups: a file's points by reason group.
        means: a background's mean points by group, taken off first; a group stands on one side
            only. They are exact, so that no rounding decides an order.
    """
    worth = [(group.points - means.get(group.code, 0), group) for group in groups]
    losses = sorted((w for w in worth if w[0] < 0), key=lambda w: (w[0], w[1].code))
    gains = sorted((w for w in worth if w[0] > 0), key=lambda w: (-w[0], w[1].code))
    return {
        "against": [_reason(*entry) for entry in losses[:MOST_REASONS]],
        "for": [_reason(*entry) for entry in gains[:MOST_REASONS]],
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


def _reason(points: int | Fraction, group: GroupPoints) -> dict[str, Any]:
    return {
        "code": group.code,
        "points": points if isinstance(points, int) else float(points),
        "missing": group.all_missing,
    }
