"""A small fitted model for tests: three features, some two hundred invented loans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.base.settings import DeploymentProfile
from scoring.features import all_features
from scoring.models.artefact import Artefact
from training.fit.fitting import fit_scorecard
from training.fit.outcome_counts import outcomes_by_bin

NAMES = ("monthly_net_sales_180d", "days_since_last_sale", "attended_share")


@dataclass(frozen=True)
class FittedModel:
    """The model with what it was fitted on."""

    artefact: Artefact
    X: pd.DataFrame
    y: NDArray[np.int64]
    founders: NDArray[np.int64]


def a_fitted_model(loans: int = 240, founders: int = 150) -> FittedModel:
    """Goods sell more and more often; some have no training on record."""
    rng = np.random.default_rng(11)
    y = (rng.random(loans) < 0.3).astype(np.int64)
    attended = np.where(rng.random(loans) < 0.2, np.nan, rng.random(loans).round(3))
    X = pd.DataFrame(  # noqa: N806
        {
            "monthly_net_sales_180d": rng.lognormal(14 - 0.8 * y, 0.7).round(),
            "days_since_last_sale": rng.poisson(3 + 6 * y).astype(float),
            "attended_share": attended,
        }
    )
    people = rng.integers(0, founders, loans)
    catalogue = all_features()
    assert set(NAMES) <= set(catalogue)
    fit = fit_scorecard(X, y, currency="KRW")
    artefact = Artefact.of(
        fit.scorecard,
        currency="KRW",
        deployment_profile=DeploymentProfile.RESEARCH_SANDBOX,
        bin_outcomes=outcomes_by_bin(fit.scorecard.card_, X, y, people),
    )
    return FittedModel(artefact, X, y, people)
