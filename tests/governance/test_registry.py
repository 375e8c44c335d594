"""Models are plain data with a digest, and a second person makes one champion."""

import json
from dataclasses import replace

import pandas as pd
import pytest
from sqlalchemy import text

from scoring.base.canonical import digest
from scoring.base.errors import (
    FourEyesError,
    InputError,
    IntegrityError,
    ModelError,
    NotFoundError,
)
from scoring.base.settings import DeploymentProfile
from scoring.features import features_for
from scoring.governance.registry import (
    champion,
    find_model,
    list_models,
    load_artefact,
    promote_model,
    store_model,
)
from scoring.models.adjustments.hand import HandRecord
from scoring.models.artefact import Artefact
from scoring.models.priors import read_priors, unfitted_scorecard
from scoring.store.database import Database
from tests.assessed import assessed
from tests.builders import an_expert_model


def _artefact(currency: str = "KRW") -> Artefact:
    features = features_for(DeploymentProfile.RESEARCH_SANDBOX)
    scorecard = unfitted_scorecard(features, read_priors(), currency=currency)
    scorecard.fit(pd.DataFrame(columns=list(features), dtype=float))
    return Artefact.of(
        scorecard, currency=currency, deployment_profile=DeploymentProfile.RESEARCH_SANDBOX
    )


@pytest.mark.parametrize(
    "name", ["An Analyst", "an  analyst", "AN ANALYST ", "Ａn Analyst", "an-analyst."]
)
def test_who_trained_a_model_may_not_promote_it(sqlite: Database, name: str) -> None:
    with sqlite.writing() as ledger:
        model = store_model(
            ledger, _artefact(), kind="t", figures={}, lineage={}, trained_by="An Analyst"
        )
    with pytest.raises(FourEyesError, match="second person"), sqlite.writing() as ledger:
        promote_model(ledger, model.reference, by=name, reason="because")


def test_whoever_trains_the_same_model_again_may_not_promote_it_either(sqlite: Database) -> None:
    for name in ("An Analyst", "Another Analyst"):
        with sqlite.writing() as ledger:
            model = store_model(
                ledger, _artefact(), kind="t", figures={}, lineage={}, trained_by=name
            )
    with pytest.raises(FourEyesError, match="Another Analyst"), sqlite.writing() as ledger:
        promote_model(ledger, model.reference, by="Another Analyst", reason="because")
    with pytest.raises(InputError, match="reason"), sqlite.writing() as ledger:
        promote_model(ledger, model.reference, by="A Reviewer", reason="  ")


def test_the_model_promoted_last_is_the_champion(database: Database) -> None:
    first = an_expert_model(database)
    with database.writing() as ledger:
        second = store_model(
            ledger, _artefact("CZK"), kind="t", figures={}, lineage={}, trained_by="a"
        ).reference
    with database.reading() as session:
        assert champion(session).reference == first
    with database.writing() as ledger:
        promote_model(ledger, second, by="b", reason="other currency")
    with database.reading() as session:
        assert champion(session).reference == second
        assert [e.is_champion for e in list_models(session)] == [True, False]


def test_an_artefact_reads_back_equal_to_the_bit(sqlite: Database) -> None:
    reference = an_expert_model(sqlite)
    with sqlite.reading() as session:
        model = find_model(session, reference)
    artefact = load_artefact(model)
    assert artefact.to_json() == model.artefact
    assert len(model.artefact) < 300_000
    assert json.loads(model.artefact)["format"] == "foothold.model/1"
    assert artefact.shrinkage_constants["attended_share"] == 0.82
    values = {"attended_share": 0.9, "days_since_last_sale": 3.0}
    read, made = assessed(artefact, [values]), assessed(_artefact(), [values])
    assert (read.score[0], read.pd[0], read.pd_low[0], read.pd_high[0]) == (
        made.score[0],
        made.pd[0],
        made.pd_low[0],
        made.pd_high[0],
    )
    assert read.groups(0) == made.groups(0)
    low, high = artefact.score_range
    assert low <= read.score[0] <= high


def test_an_artefact_of_another_format_is_refused_by_its_name() -> None:
    other = _artefact().to_json().replace("foothold.model/1", "foothold.model/2")
    with pytest.raises(ModelError, match="'foothold.model/2', not 'foothold.model/1'"):
        Artefact.from_json(other, expected_digest=digest(other))


def test_who_had_a_hand_in_a_model_may_not_promote_it(sqlite: Database) -> None:
    entry = {"author": "Analyst Two", "reason": "as agreed", "cuts": [0.5]}
    plain = _artefact()
    artefact = replace(plain, hand=HandRecord({"attended_share": entry}, plain.points))
    with sqlite.writing() as ledger:
        model = store_model(
            ledger, artefact, kind="t", figures={}, lineage={}, trained_by="Analyst One"
        )
    with pytest.raises(FourEyesError, match="the hand of Analyst Two"), sqlite.writing() as ledger:
        promote_model(ledger, model.reference, by="analyst two", reason="because")


def test_a_changed_artefact_is_not_served(sqlite: Database) -> None:
    reference = an_expert_model(sqlite)
    with sqlite.engine.begin() as connection:  # somebody with the file and no triggers
        connection.execute(text("DROP TRIGGER models_no_update"))
        connection.execute(
            text("UPDATE models SET artefact = replace(artefact, '\"KRW\"', '\"USD\"')")
        )
    with sqlite.reading() as session:
        model = find_model(session, reference)
    with pytest.raises(IntegrityError, match="digest"):
        load_artefact(model)


def test_an_unknown_model_is_told(sqlite: Database) -> None:
    with sqlite.reading() as session, pytest.raises(NotFoundError, match="foothold models"):
        find_model(session, "M-NONE")
