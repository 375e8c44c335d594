"""The catalogue: what a feature is, who may be one, and all that are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

import ibis.expr.types as ir

from scoring.features.known import Known

Relation = Callable[[Known], ir.Table]


@dataclass(frozen=True)
class Ratio:
    """What a feature with `shrinkage` defines: two values per point, divided when finished.

    The denominator is a count of records, so that the shrinkage's numbers mean something. A
    ratio of money or hours is given as ratio times count over count.
    """

    numerator: ir.Value
    denominator: ir.Value


@dataclass(frozen=True)
class Shrinkage:
    """How a ratio is guarded against small numbers.

    Attributes:
        at_least: the ratio is missing where its denominator is below.
        strength: how many records the constant is worth, in units of the denominator.
        most: the ratio counts at most so much, before it is shrunk.
    """

    at_least: float
    strength: float
    most: float = math.inf


Definition = Callable[[ir.Table], ir.Value | Ratio]


class Kind(StrEnum):
    """Blocks: kinds of records; a deployment profile may switch one off."""

    ATTENDANCE = "attendance"
    SALES = "sales"
    REPAYMENT = "repayment"
    CASH_FLOW = "cash_flow"
    APPLICATION = "application"

    @property
    def is_alternative(self) -> bool:
        """Whether it is alternative data: what somebody does beside borrowing and paying back."""
        return self in _ALTERNATIVE


_ALTERNATIVE = frozenset({Kind.ATTENDANCE, Kind.SALES, Kind.CASH_FLOW})


class Direction(IntEnum):
    """Which way risk goes when the value rises."""

    SAFER_WHEN_HIGHER = -1
    NONE = 0
    SAFER_WHEN_LOWER = 1

    @property
    def words(self) -> str:
        """It in words, such as "safer when higher"."""
        if self is Direction.NONE:
            return "no direction declared"
        return self.name.lower().replace("_", " ")


class WhenMissing(StrEnum):
    """What a missing value may do to a score."""

    NEUTRAL = "neutral"
    LEARNED = "learned"
    NEVER_BETTER_THAN_AVERAGE = "never_better_than_average"


class Unit(StrEnum):
    """What a value counts. MONEY is the minor unit of the model's one currency."""

    SHARE = "share"
    RATIO = "ratio"
    DAYS = "days"
    MONTHS = "months"
    COUNT = "count"
    MONEY = "money"


@dataclass(frozen=True)
class Feature:
    """One feature, declared once.

    Attributes:
        name: what it is called everywhere.
        kind: the block that it belongs to.
        unit: what its value counts.
        decimals: the value is rounded to these, on every engine, before anything uses it.
        direction: which way risk goes; the model can't contradict it.
        actionable: whether the founder can change it within months.
        reason: the neutral group under which lenders see it; its texts are in `scoring.reasons`.
        when_missing: what a missing value may do.
        empty: what a missing value means, in words.
        relation: from known records to the rows that it is an aggregate of.
        define: from those rows to the value per point, or to a `Ratio` where it is shrunk.
        description: what it measures, with the formula.
        window: how many days back it looks; None for the whole history.
        on_clock: the window counts days without neutral ones (`neutral.py`).
        shrinkage: of a ratio; None for others.
        reads: the blocks that it is made from, its own kind among them.
        off_by_default: a model has it only where the operator's settings name it.
    """

    name: str
    kind: Kind
    unit: Unit
    decimals: int
    direction: Direction
    actionable: bool
    reason: str
    when_missing: WhenMissing
    empty: str
    relation: Relation
    define: Definition
    description: str
    window: int | None = None
    on_clock: bool = False
    shrinkage: Shrinkage | None = None
    reads: frozenset[Kind] = frozenset()
    off_by_default: bool = False

    def as_dict(self) -> dict[str, Any]:
        """What the catalogue says of it, as plain data."""
        return {
            "name": self.name,
            "kind": self.kind.value,
            "alternative": self.kind.is_alternative,
            "unit": self.unit.value,
            "decimals": self.decimals,
            "window_days": self.window,
            "direction": self.direction.name.lower(),
            "actionable": self.actionable,
            "reason": self.reason,
            "when_missing": self.when_missing.value,
            "empty": self.empty,
            "at_least": self.shrinkage.at_least if self.shrinkage else None,
            "shrinkage_strength": self.shrinkage.strength if self.shrinkage else None,
            "reads": sorted(self.reads),
            "off_by_default": self.off_by_default,
            "description": self.description,
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a statement gives for it: its value, or numerator and denominator."""
        if self.shrinkage is None:
            return (self.name,)
        return f"{self.name}__numerator", f"{self.name}__denominator"

    def values(self, rows: ir.Table) -> dict[str, ir.Value]:
        """Its columns as expressions, float64.

        Raises:
            TypeError: it says that it is a ratio and defines none, or the other way round.
        """
        defined = self.define(rows)
        if isinstance(defined, Ratio) != (self.shrinkage is not None):
            raise TypeError(f"{self.name} must define a Ratio exactly if it declares shrinkage")
        parts = (
            (defined.numerator, defined.denominator) if isinstance(defined, Ratio) else (defined,)
        )
        return dict(zip(self.columns, (part.cast("float64") for part in parts), strict=True))


_CATALOGUE: dict[str, Feature] = {}

# Protected attributes and what stands for them (docs/model.md). A name is refused when one of its
# parts, cut at underscores, begins with one of these.
FORBIDDEN_STEMS = [
    "origin",
    "refugee",
    "defector",
    "north",
    "korean",
    "settlement",
    "protect",
    "ethnic",
    "race",
    "nation",
    "country",
    "region",
    "home",
    "birth",
    "born",
    "arriv",
    "migra",
    "sex",
    "gender",
    "male",
    "female",
    "age",
    "ages",
    "aged",
    "marit",
    "marri",
    "spouse",
    "child",
    "pregnan",
    "famil",
    "relig",
    "church",
    "faith",
    "health",
    "disab",
    "disease",
    "hospital",
    "politic",
    "name",
    "address",
    "postcode",
    "phone",
    "email",
    "photo",
    "voice",
    "school",
    "alumni",
    "cohort",
    "programme",
    "excus",
    "weekday",
    "hour",
    "prayer",
]
_WHOLE = {"age", "ages", "race", "male", "sex", "hour", "home", "name", "north", "born"}


def feature(
    *,
    over: Relation,
    kind: Kind,
    unit: Unit,
    direction: Direction,
    reason: str,
    empty: str,
    decimals: int = 0,
    actionable: bool = True,
    when_missing: WhenMissing = WhenMissing.NEUTRAL,
    window: int | None = None,
    on_clock: bool = False,
    shrinkage: Shrinkage | None = None,
    beside: Kind | None = None,
    off_by_default: bool = False,
) -> Callable[[Definition], Definition]:
    """Declare the decorated expression as a feature; its name is the function's.

    `beside` is another block that it reads; the rest is told at `Feature`.

    Raises:
        ValueError: the name is taken, or stands for a protected attribute.
    """

    def declare(define: Definition) -> Definition:
        name = define.__name__
        forbidden = protected_parts(name)
        if forbidden:
            raise ValueError(f"{name} can't be a feature: {forbidden[0]} is protected")
        if name in _CATALOGUE:
            raise ValueError(f"there is a feature {name} already")
        _CATALOGUE[name] = Feature(
            name=name,
            kind=kind,
            unit=unit,
            decimals=decimals,
            direction=direction,
            actionable=actionable,
            reason=reason,
            when_missing=when_missing,
            empty=empty,
            relation=over,
            define=define,
            description=" ".join((define.__doc__ or "").split()),
            window=window,
            on_clock=on_clock,
            shrinkage=shrinkage,
            reads=frozenset({kind, beside or kind}),
            off_by_default=off_by_default,
        )
        return define

    return declare


def protected_parts(name: str) -> list[str]:
    """Parts of a feature's name that stand for a protected attribute; short ones match whole."""
    return [
        part
        for part in name.lower().split("_")
        for stem in FORBIDDEN_STEMS
        if (part == stem if stem in _WHOLE else part.startswith(stem))
    ]


def declared_features() -> dict[str, Feature]:
    """What has been declared so far, by kind; `scoring.features.all_features` loads them all."""
    kinds = list(Kind)
    return dict(sorted(_CATALOGUE.items(), key=lambda item: kinds.index(item[1].kind)))
