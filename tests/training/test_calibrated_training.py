"""`foothold train`: calibrated out of fold, anchored where asked, and said so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.base.errors import InputError
from scoring.governance.registry import find_model, load_artefact
from scoring.parties.consents import Purpose
from scoring.store.database import Database, last_recorded
from tests.assessed import assessed
from tests.builders import a_founder
from training.candidate import train_candidate
from training.data.dataset import TrainingSet, build_training_set
from training.validation.validate import foretell_both, out_of_time_split


@pytest.mark.slow
def test_no_loan_judges_what_it_calibrated(small_data: TrainingSet) -> None:
    split = out_of_time_split(small_data)
    assert split is not None
    other = small_data.y.copy()
    other[split[1]] = 1 - other[split[1]]
    turned = replace(small_data, y=other)
    for one, two in zip(
        foretell_both(small_data, [split]), foretell_both(turned, [split]), strict=True
    ):
        assert np.array_equal(one.calibrated, two.calibrated)
        assert np.array_equal(np.argsort(one.calibrated), np.argsort(one.fitted))
        assert not np.array_equal(one.calibrated, one.fitted)


def test_an_anchor_gives_the_population_its_mean_pd_and_stays_with_the_model(
    sqlite: Database,
) -> None:
    for number in range(3):
        founder = a_founder(sqlite, f"F-{number}").selling(weekly=100_000 * 5**number, weeks=20)
        founder.consenting(to=None, purpose=Purpose.MODEL_TRAINING)
    free = train_candidate(sqlite, by="an analyst")
    anchored = train_candidate(sqlite, by="an analyst", central_tendency=0.04)
    assert anchored.reference != free.reference
    assert anchored.lineage["central_tendency"] == 0.04
    with sqlite.reading() as session:
        artefact = load_artefact(find_model(session, anchored.reference))
        before = load_artefact(find_model(session, free.reference))
        known = last_recorded(session)
        assert known is not None
        people = build_training_set(
            session,
            known_at=known,
            zone=sqlite.settings.zone,
            profile=sqlite.settings.deployment_profile,
        ).population
    served = artefact.scorecard.predict_proba(people[list(artefact.feature_names)])[:, 1]
    assert served.mean() == pytest.approx(0.04, abs=1e-6)
    records = people.to_dict("records")
    shift = assessed(artefact, records).log_odds - assessed(before, records).log_odds
    assert len(set(shift.round(9))) == 1, "an anchor moves everybody alike"
    assert "4.0 %" in " ".join(anchored.report.read_text(encoding="utf-8").split())


def test_a_mean_pd_that_none_can_be_is_refused_before_anything_is_read(sqlite: Database) -> None:
    with pytest.raises(InputError, match="above 0 and below 1"):
        train_candidate(sqlite, by="an analyst", central_tendency=8.0)
