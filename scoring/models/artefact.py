"""A model as it is stored and served: plain data with a digest, never a pickle."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from scoring.base.canonical import canonical_json, digest
from scoring.base.errors import IntegrityError, ModelError
from scoring.base.settings import DeploymentProfile
from scoring.features import all_features, kinds_for
from scoring.features.catalogue import Feature, Kind
from scoring.models.adjustments.calibration import Calibration
from scoring.models.adjustments.capping import BlockCap
from scoring.models.adjustments.hand import HandRecord
from scoring.models.adjustments.positive_only import positive_only
from scoring.models.card.bin_outcomes import BinOutcomes
from scoring.models.card.points import PointsCard, PointsScale
from scoring.models.evidence import EvidenceRule

if TYPE_CHECKING:
    from scoring.models.scorecard import MonotoneScorecard

FORMAT = "foothold.model/1"
INTERVAL_LEVEL = 0.9


@dataclass(frozen=True)
class Artefact:
    """A fitted scorecard with all that a score needs beside the records.

    Attributes:
        scorecard: fitted.
        points: of its bins.
        currency: of all amounts.
        deployment_profile: for which it was trained.
        shrinkage_constants: to what ratios are shrunk, by feature.
        blocks_off: blocks (kinds of records) that it does without, beside those of the profile.
        evidence: when a file is too thin for it.
        bin_outcomes: of its training, by feature; empty where no outcome moved it.
        block_caps: what was done to keep blocks within their share of the range.
        hand: what an analyst set by hand; None where nobody did.
        calibration: what was folded into its card; None where nothing was.
    """

    scorecard: MonotoneScorecard
    points: PointsCard
    currency: str
    deployment_profile: DeploymentProfile
    evidence: EvidenceRule
    shrinkage_constants: Mapping[str, float] = field(default_factory=dict)
    blocks_off: tuple[str, ...] = ()
    bin_outcomes: Mapping[str, BinOutcomes] = field(default_factory=dict)
    block_caps: tuple[BlockCap, ...] = ()
    hand: HandRecord | None = None
    calibration: Calibration | None = None

    @classmethod
    def of(
        cls,
        scorecard: MonotoneScorecard,
        *,
        currency: str,
        deployment_profile: DeploymentProfile,
        shrinkage_constants: Mapping[str, float] | None = None,
        blocks_off: Collection[str] = (),
        bin_outcomes: Mapping[str, BinOutcomes] | None = None,
        block_caps: Collection[BlockCap] = (),
        hand: HandRecord | None = None,
        scale: PointsScale | None = None,
        population: pd.DataFrame | None = None,
        calibration: Calibration | None = None,
    ) -> Artefact:
        """Make a fitted scorecard ready to be stored; points are rounded here, once.

        Of the constants those of its own features are kept. `population` are the features of
        those trained on, by which is measured what each kind of records tells; `calibration` is
        kept to be told, the scorecard having been calibrated by it.
        """
        return cls(
            scorecard=scorecard,
            points=PointsCard.of(
                scorecard.card_, scale, whole=() if hand is None else hand.in_points
            ),
            currency=currency,
            deployment_profile=deployment_profile,
            shrinkage_constants={
                feature.name: (shrinkage_constants or {})[feature.name]
                for feature in scorecard.card_.features
                if feature.name in (shrinkage_constants or {})
            },
            blocks_off=tuple(sorted(blocks_off)),
            bin_outcomes=bin_outcomes or {},
            block_caps=tuple(block_caps),
            hand=hand,
            evidence=EvidenceRule.of(scorecard.card_, scorecard.uncertainty_, population),
            calibration=calibration,
        )

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of records that it reads."""
        return kinds_for(self.deployment_profile, self.blocks_off)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features in the card's order."""
        return tuple(feature.name for feature in self.scorecard.card_.features)

    @property
    def features(self) -> dict[str, Feature]:
        """Their entries in the catalogue.

        Raises:
            ModelError: this version's catalogue lacks one.
        """
        catalogue = all_features()
        gone = [name for name in self.feature_names if name not in catalogue]
        if gone:
            raise ModelError(
                f"The model uses {', '.join(gone)}, which this version does not define. "
                "Train a new model with `foothold train`."
            )
        return {name: catalogue[name] for name in self.feature_names}

    @cached_property
    def score_range(self) -> tuple[int, int]:
        """The lowest and the highest score that this card can give."""
        lowest = highest = self.points.base
        for feature in self.points.features:
            options = (*feature.points, feature.missing_points)
            lowest, highest = lowest + min(options), highest + max(options)
        return lowest, highest

    @cached_property
    def positive_only(self) -> Artefact:
        """The same model as a lender has it that counts alternative data in favour only.

        It is made anew wherever the model is read, and never stored.
        """
        alternative = {name for name, each in self.features.items() if each.kind.is_alternative}
        scorecard, points = positive_only(self.scorecard, self.points, alternative)
        return replace(self, scorecard=scorecard, points=points)

    def to_json(self) -> str:
        """The artefact in canonical form; its digest identifies the model."""
        return canonical_json(
            {
                "format": FORMAT,
                "currency": self.currency,
                "deployment_profile": self.deployment_profile.value,
                "shrinkage_constants": dict(self.shrinkage_constants),
                "blocks_off": list(self.blocks_off),
                "block_caps": [cap.as_dict() for cap in self.block_caps],
                "hand": None if self.hand is None else self.hand.to_dict(),
                "scorecard": self.scorecard.to_dict(),
                "points": self.points.to_dict(),
                "bin_outcomes": {n: each.to_dict() for n, each in self.bin_outcomes.items()},
                "evidence": self.evidence.to_dict(),
                "calibration": None if self.calibration is None else self.calibration.to_dict(),
            }
        )

    @classmethod
    def from_json(cls, text: str, *, expected_digest: str) -> Artefact:
        """Read a stored artefact after checking its digest.

        Raises:
            IntegrityError: it is not what was stored.
            ModelError: it has another format.
        """
        if digest(text) != expected_digest:
            raise IntegrityError("A model's artefact does not match the digest in the registry.")
        # It brings scikit-learn along, which takes longer to load than most commands take to run.
        from scoring.models.scorecard import MonotoneScorecard

        data = json.loads(text)
        if data.get("format") != FORMAT:
            raise ModelError(f"A model has the format {data.get('format')!r}, not {FORMAT!r}.")
        hand, calibration = data["hand"], data["calibration"]
        return cls(
            scorecard=MonotoneScorecard.from_dict(data["scorecard"]),
            points=PointsCard.from_dict(data["points"]),
            currency=data["currency"],
            deployment_profile=DeploymentProfile(data["deployment_profile"]),
            shrinkage_constants=data["shrinkage_constants"],
            blocks_off=tuple(data["blocks_off"]),
            bin_outcomes={
                name: BinOutcomes.from_dict(each) for name, each in data["bin_outcomes"].items()
            },
            block_caps=tuple(BlockCap(**cap) for cap in data["block_caps"]),
            hand=None if hand is None else HandRecord.from_dict(hand),
            evidence=EvidenceRule.from_dict(data["evidence"]),
            calibration=None if calibration is None else Calibration.from_dict(calibration),
        )
