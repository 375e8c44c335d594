"""What an expert declares of each feature: direction, weight, cuts, what a missing value may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

import numpy as np

from scoring.models.card.binning import Floats, expert_cuts
from scoring.models.learning.fixed import Fixed, Shape, fixed_from

WhenMissing = Literal["neutral", "learned", "never_better_than_average"]

DEFAULT_WEIGHT = 0.5
"""Log-odds from worst to best bin of a feature with a declared direction and no weight."""


@dataclass(frozen=True)
class Declaration:
    """An expert's word on one feature.

    Attributes:
        name: column name.
        direction: +1 riskier when higher, -1 safer when higher, 0 unknown.
        weight: log-odds that it is worth from worst to best bin.
        weight_sd: the expert's doubt in that weight, log-odds; None for the default.
        cuts: expert's cut points, or None.
        when_missing: what a missing value may do to the score.
        fixed: cut points, or a whole shape, that data don't move.
    """

    name: str
    direction: int
    weight: float
    weight_sd: float | None
    cuts: Floats | None
    when_missing: WhenMissing
    fixed: Fixed | None = None

    @property
    def shape(self) -> Shape | None:
        """The whole shape, where it is given and not learned."""
        return None if self.fixed is None else self.fixed.shape

    def left_to_learn(self) -> "Declaration":
        """Return what remains to be learned: nothing of a feature whose shape is fixed."""
        if self.shape is None:
            return self
        return replace(self, direction=0, weight=0.0, weight_sd=None, when_missing="neutral")


def declarations_for(
    names: Sequence[str],
    *,
    directions: object,
    weights: object,
    weight_sd: object,
    cuts: object,
    when_missing: object,
    fixed: object = None,
    most_bins: int = 12,
) -> tuple[Declaration, ...]:
    """Join what was declared by name or by position, in the order of the columns.

    Args:
        names: columns of X.
        directions: mapping by name or sequence by position; None for no direction at all.
        weights: the same; None for 0.5 on each declared direction.
        weight_sd: the same; None for the default.
        cuts: the same, of sequences of numbers or None.
        when_missing: the same, or one word for all; None for "learned".
        fixed: the same, of what `fixed_from` reads, or None.
        most_bins: bins that a feature may have on the card.

    Raises:
        ValueError: if a name is unknown, a length differs, or a value is not allowed.
    """
    if isinstance(when_missing, str):
        when_missing = [when_missing] * len(names)
    columns = zip(
        names,
        _by_column(directions, names, "directions"),
        _by_column(weights, names, "weights"),
        _by_column(weight_sd, names, "weight_sd"),
        _by_column(cuts, names, "cuts"),
        _by_column(when_missing, names, "when_missing"),
        strict=True,
    )
    declared = [_declaration(*column) for column in columns]
    return tuple(
        each if entry is None else _with_fixed(each, entry, most_bins)
        for each, entry in zip(declared, _by_column(fixed, names, "fixed"), strict=True)
    )


def _with_fixed(declared: Declaration, entry: Any, most_bins: int) -> Declaration:
    fixed = fixed_from(
        entry,
        declared.name,
        direction=declared.direction,
        when_missing=declared.when_missing,
        most_bins=most_bins,
    )
    return replace(declared, fixed=fixed)


def _declaration(
    name: str, direction: Any, weight: Any, weight_sd: Any, cuts: Any, when_missing: Any
) -> Declaration:
    direction = 0 if direction is None else direction
    if direction not in (-1, 0, 1):
        raise ValueError(
            f"direction of {name!r} must be +1 (riskier when higher), -1 (safer when higher) "
            f"or 0 (unknown), not {direction!r}."
        )
    if weight is None:
        weight = DEFAULT_WEIGHT if direction else 0.0
    weight = _not_negative(weight, f"weight of {name!r}")
    if weight and not direction:
        raise ValueError(f"{name!r} has weight {weight:g} but no direction: declare +1 or -1.")
    when_missing = "learned" if when_missing is None else when_missing
    if when_missing not in get_args(WhenMissing):
        raise ValueError(
            f"when_missing of {name!r} must be one of {', '.join(get_args(WhenMissing))}, "
            f"not {when_missing!r}."
        )
    return Declaration(
        name=name,
        direction=int(direction),
        weight=weight,
        weight_sd=None if weight_sd is None else _not_negative(weight_sd, f"weight_sd of {name!r}"),
        cuts=None if cuts is None else expert_cuts(cuts, name),
        when_missing=cast(WhenMissing, when_missing),
    )


def _not_negative(value: Any, what: str) -> float:
    number = float(value)
    if not np.isfinite(number) or number < 0:
        raise ValueError(f"{what} must be a finite number, 0 or more, not {value!r}.")
    return number


def _by_column(given: object, names: Sequence[str], what: str) -> list[Any]:
    if given is None:
        return [None] * len(names)
    if isinstance(given, Mapping):
        unknown = [str(name) for name in given if name not in names]
        if unknown:
            raise ValueError(
                f"{what} name columns that X does not have: {', '.join(unknown)}. "
                f"X has {', '.join(map(str, names))}."
            )
        return [given.get(name) for name in names]
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
        raise TypeError(f"{what} must be a mapping by column name or a sequence, not {given!r}.")
    listed = list(given)
    if len(listed) != len(names):
        raise ValueError(f"{what} has {len(listed)} entries for {len(names)} columns.")
    return listed
