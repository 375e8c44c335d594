"""What a model was trained on and with: kept beside it, so that it can be trained again."""

from __future__ import annotations

import platform
from collections.abc import Collection
from importlib.metadata import version
from typing import Any

from scoring.base.canonical import canonical_json, digest
from scoring.features import all_features
from scoring.models.adjustments.calibration import Calibration
from scoring.models.priors import PRIORS_PATH, read_priors
from training.data.dataset import TrainingSet
from training.fit.shaping import Fit, ModelKind
from training.measures.figures import SEED

_PACKAGES = ("foothold", "numpy", "scipy", "pandas", "scikit-learn", "duckdb", "ibis-framework")


def lineage_of(data: TrainingSet, fit: Fit, calibration: Calibration) -> dict[str, Any]:
    """What the model was trained on and with, enough to do it again.

    Left out are features of money for which the expert gave no cut points in the currency.
    """
    used = set(fit.scorecard.feature_names_in_)
    return {
        "known_at": data.known_at.isoformat(),
        "deployment_profile": data.profile.value,
        "blocks_off": list(data.blocks_off),
        "currency": data.currency,
        "founders": data.founders,
        "loans_by_outcome": dict(data.counts),
        "external_loans": data.external_loans,
        "outcomes_used": fit.kind is ModelKind.FITTED,
        "first_day": None if data.rows.empty else data.rows["as_of"].iloc[0].isoformat(),
        "last_day": None if data.rows.empty else data.rows["as_of"].iloc[-1].isoformat(),
        "outcome_definition": data.definition.as_dict(),
        "training_set_digest": data.digest(),
        "snapshot_digest": data.snapshot_digest,
        "feature_set_digest": feature_set_digest(list(data.X.columns)),
        "features_left_out": [name for name in map(str, data.X.columns) if name not in used],
        "central_tendency": calibration.central_tendency,
        "priors_version": read_priors().version,
        "priors_digest": digest(PRIORS_PATH.read_text(encoding="utf-8")),
        "seed": SEED,
        "packages": {"python": platform.python_version()} | {p: version(p) for p in _PACKAGES},
    }


def feature_set_digest(names: Collection[str]) -> str:
    """SHA-256 of the catalogue's entries of these features."""
    catalogue = all_features()
    entries = [
        {
            "name": feature.name,
            "kind": feature.kind.value,
            "unit": feature.unit.value,
            "decimals": feature.decimals,
            "direction": int(feature.direction),
            "when_missing": feature.when_missing.value,
            "description": feature.description,
            "window": feature.window,
            "shrinkage": None if feature.shrinkage is None else repr(feature.shrinkage),
        }
        for feature in (catalogue[name] for name in names)
    ]
    return digest(canonical_json(entries))
