"""What a challenger makes of a founder's file, in the reason codes of the scorecard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from scipy.special import expit

from scoring.base.calendar import end_of
from scoring.base.errors import InputError
from scoring.features import all_features, kinds_for
from scoring.features.catalogue import Feature
from scoring.features.engines.one_founder import one_founder
from scoring.parties.consents import Purpose, require_consent
from scoring.reasons.ranking import MOST_REASONS
from scoring.score.scorable import View, refuse_other_currencies
from scoring.store.audit import append_event
from scoring.store.database import Database
from training.challengers.kept import KeptChallenger, load_challenger


@dataclass(frozen=True)
class Explanation:
    """A challenger's word on one file.

    Attributes:
        pd: probability of bad.
        base_pd: of the mean log-odds over the background.
        points: of each reason group, against the background; more is safer.
        contributions: of each feature, log-odds of bad.
    """

    pd: float
    base_pd: float
    points: dict[str, float]
    contributions: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Plain data; reasons as the scorecard's: up to four each way, strongest first."""
        ranked = sorted(self.points.items(), key=lambda each: (each[1], each[0]))
        return {
            "pd": self.pd,
            "base_pd": self.base_pd,
            "reasons": {
                "against": [_reason(*each) for each in ranked if each[1] < 0][:MOST_REASONS],
                "for": [_reason(*each) for each in reversed(ranked) if each[1] > 0][:MOST_REASONS],
            },
            "contributions": self.contributions,
        }


def explain(
    database: Database, reference: str, founder: str, *, as_of: date | None = None, by: str
) -> Explanation:
    """Explain a founder's file by a challenger; the founder must consent to model training.

    Args:
        database: the store.
        reference: of the challenger.
        founder: whose file.
        as_of: the end of this day; today when None.
        by: who looks; kept in the audit chain.

    Raises:
        ConflictError: the file holds money in another currency than the challenger's.
        ConsentError: the founder does not allow models to be trained on the file.
        InputError: the day lies in the future.
        NotFoundError: there is no such challenger or founder.
    """
    settings = database.settings
    day = as_of or database.today
    if day > database.today:
        raise InputError(f"{day} lies in the future (today is {database.today}).")
    with database.writing() as ledger:
        kept = load_challenger(ledger.session, settings.data_dir, reference)
        found, _ = require_consent(
            ledger.session, founder, lender=None, purpose=Purpose.MODEL_TRAINING, at=ledger.now
        )
        refuse_other_currencies(
            ledger.session,
            found.id,
            View(day, end_of(day, settings.zone), ledger.now),
            currency=kept.currency,
        )
        file = one_founder(
            ledger.session,
            found.id,
            as_of=day,
            known_at=ledger.now,
            zone=settings.zone,
            kinds=kinds_for(kept.deployment_profile, kept.blocks_off),
            constants=kept.constants,
        )
        append_event(
            ledger,
            actor=by,
            action="challenger.explained",
            founder_id=found.id,
            details={"challenger": reference, "as_of": day.isoformat()},
        )
    return explanation_of(kept, file.values)


def explanation_of(kept: KeptChallenger, values: Mapping[str, float | None]) -> Explanation:
    """Explain finished feature values by a challenger."""
    challenger = kept.challenger
    row = pd.DataFrame(
        [[values.get(name) for name in challenger.columns]],
        columns=list(challenger.columns),
        dtype=float,
    )
    contributions = challenger.contributions(row).iloc[0].to_dict()
    catalogue = all_features()
    points: dict[str, float] = {}
    for name, log_odds in contributions.items():
        feature: Feature = catalogue[str(name)]
        points[feature.reason] = points.get(feature.reason, 0.0) - kept.scale.factor * log_odds
    return Explanation(
        pd=float(expit(challenger.log_odds(row)[0])),
        base_pd=float(expit(challenger.base)),
        points={code: round(found, 1) for code, found in points.items()},
        contributions={str(name): float(found) for name, found in contributions.items()},
    )


def _reason(code: str, points: float) -> dict[str, Any]:
    return {"code": code, "points": points}
