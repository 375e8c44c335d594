"""Backgrounds: whom a record is compared with when its contributions become reasons.

On an additive card a contribution against a background is the feature's step less its mean over
that background: the interventional SHAP value. So a sum per feature is all that one needs to be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.base.canonical import canonical_json, digest
from scoring.base.errors import IntegrityError

SCHEMA = "foothold.background/1"


class BackgroundKind(StrEnum):
    """Whom a background is made of."""

    TRAINING_POPULATION = "training_population"
    EXPERT_REFERENCE = "expert_reference"  # no rows: all of an expert's bins alike
    CUT_OFF = "cut_off"  # applicants at or just above a lender's cut-off

    @property
    def words(self) -> str:
        """Whom one compares with, within a sentence."""
        match self:
            case BackgroundKind.TRAINING_POPULATION:
                return "the training population"
            case BackgroundKind.EXPERT_REFERENCE:
                return "the expert's reference, in which all bins are alike"
            case BackgroundKind.CUT_OFF:
                return "applicants at or just above the lender's cut-off"


@dataclass(frozen=True)
class Background:
    """Points of a card's features summed over some founders.

    Attributes:
        kind: whom it is made of.
        model: digest of the artefact whose card it is of.
        positive_only: whether that card counts alternative data in favour only.
        founders: how many; None where the card's own centring is the background.
        total_points: sum over the founders by feature, whole points; empty where they are 0.
        chosen: how the founders were chosen, plain data.
    """

    kind: BackgroundKind
    model: str
    positive_only: bool
    founders: int | None = None
    total_points: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def over(
        cls,
        names: tuple[str, ...],
        points: NDArray[np.int64],
        *,
        kind: BackgroundKind,
        model: str,
        positive_only: bool,
        chosen: Mapping[str, Any],
    ) -> Background:
        """The sums over some founders, whatever their order.

        Args:
            names: the card's features.
            points: shape (founders, features).
            kind: whom it is made of.
            model: digest of the artefact.
            positive_only: of the card.
            chosen: how the founders were chosen.
        """
        return cls(
            kind=kind,
            model=model,
            positive_only=positive_only,
            founders=len(points),
            total_points=dict(zip(names, points.sum(axis=0).tolist(), strict=True)),
            chosen=chosen,
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its canonical form."""
        return digest(self.to_json())

    @property
    def reference(self) -> str:
        """Its id, made of its digest."""
        return f"B-{self.digest[:12]}"

    def to_json(self) -> str:
        """Its canonical form."""
        return canonical_json(
            {
                "schema": SCHEMA,
                "kind": self.kind.value,
                "model": self.model,
                "positive_only": self.positive_only,
                "founders": self.founders,
                "total_points": dict(self.total_points),
                "chosen": dict(self.chosen),
            }
        )

    @classmethod
    def from_json(cls, text: str, *, reference: str) -> Background:
        """Read what `to_json` wrote.

        Raises:
            IntegrityError: it is not what its id says.
        """
        data = json.loads(text)
        found = cls(
            kind=BackgroundKind(data["kind"]),
            model=data["model"],
            positive_only=data["positive_only"],
            founders=data["founders"],
            total_points=data["total_points"],
            chosen=data["chosen"],
        )
        if found.reference != reference or found.to_json() != text:
            raise IntegrityError(f"Background {reference} does not match its digest.")
        return found
