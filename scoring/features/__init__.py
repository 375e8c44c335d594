"""Features: each defined once, run on every engine, never seeing the future."""

from __future__ import annotations

from collections.abc import Collection

from scoring.base.errors import InputError
from scoring.base.settings import DeploymentProfile
from scoring.features.catalogue import Feature, Kind, declared_features

# Importing a kind's module declares its features.
from scoring.features.kinds import (  # noqa: F401
    application,
    attendance,
    cash_flow,
    repayment,
    sales,
    sales_growth,
    sales_parts,
)

# A non-financial credit bureau may not process repayment data (Credit Information Act art. 5).
_SWITCHED_OFF = {DeploymentProfile.NONFINANCIAL_CB: {Kind.REPAYMENT}}


def all_features() -> dict[str, Feature]:
    """The whole catalogue by name, in its order."""
    return declared_features()


def kinds_for(profile: DeploymentProfile, blocks_off: Collection[str] = ()) -> tuple[Kind, ...]:
    """The blocks that may be read.

    Args:
        profile: of the installation, or of a model.
        blocks_off: those that the operator, or the model, does without besides.
    """
    off = _SWITCHED_OFF.get(profile, set()) | set(blocks_off)
    return tuple(kind for kind in Kind if kind not in off)


def features_for(
    profile: DeploymentProfile,
    blocks_off: Collection[str] = (),
    features_on: Collection[str] = (),
) -> dict[str, Feature]:
    """The features that a model may have.

    Args:
        profile: of the installation.
        blocks_off: as `kinds_for` takes them.
        features_on: those to have although they are off by default.

    Raises:
        InputError: there is no such feature to have on.
    """
    catalogue = all_features()
    unknown = sorted(set(features_on) - set(catalogue))
    if unknown:
        raise InputError(
            f'FOOTHOLD_FEATURES_ON: there is no feature "{unknown[0]}". `foothold features` lists '
            "them."
        )
    kinds = set(kinds_for(profile, blocks_off))
    return {
        name: feature
        for name, feature in catalogue.items()
        if feature.reads <= kinds and (name in features_on or not feature.off_by_default)
    }
