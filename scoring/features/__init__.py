"""Features: each defined once, run on every engine, never seeing the future."""

from __future__ import annotations

from scoring.features import application as _application  # noqa: F401

# Importing a kind's module declares its features, in the order in which people read them.
from scoring.features import attendance as _attendance  # noqa: F401
from scoring.features import cash_flow as _cash_flow  # noqa: F401
from scoring.features import repayment as _repayment  # noqa: F401
from scoring.features import sales as _sales  # noqa: F401, I001
from scoring.features.catalogue import Feature, Kind, declared_features
from scoring.settings import DeploymentProfile

# A non-financial credit bureau may not process repayment data (Credit Information Act art. 5).
_SWITCHED_OFF = {DeploymentProfile.NONFINANCIAL_CB: {Kind.REPAYMENT}}


def all_features() -> dict[str, Feature]:
    """The whole catalogue by name, in its order."""
    return declared_features()


def features_for(profile: DeploymentProfile) -> dict[str, Feature]:
    """The features that a deployment profile may use."""
    off = _SWITCHED_OFF.get(profile, set())
    return {name: f for name, f in all_features().items() if f.kind not in off}
