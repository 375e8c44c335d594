"""Features: each defined once, run on every engine, never seeing the future."""

from __future__ import annotations

# Importing a kind's module declares its features.
from scoring.features import application, attendance, cash_flow, repayment, sales  # noqa: F401
from scoring.features import application as _application  # noqa: F401
from scoring.features.catalogue import Feature, Kind, declared_features
from scoring.settings import DeploymentProfile

# A non-financial credit bureau may not process repayment data (Credit Information Act art. 5).
_SWITCHED_OFF = {DeploymentProfile.NONFINANCIAL_CB: {Kind.REPAYMENT}}


def all_features() -> dict[str, Feature]:
    """The whole catalogue by name, in its order."""
    return declared_features()


def kinds_for(profile: DeploymentProfile) -> tuple[Kind, ...]:
    """The blocks of evidence that a deployment profile may read."""
    return tuple(kind for kind in Kind if kind not in _SWITCHED_OFF.get(profile, set()))


def features_for(profile: DeploymentProfile) -> dict[str, Feature]:
    """The features that a deployment profile may use."""
    kinds = kinds_for(profile)
    return {name: f for name, f in all_features().items() if f.kind in kinds}
