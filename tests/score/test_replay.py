"""A score given is the same a year later, whatever was set, worded or tampered with since."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from scoring.base.errors import IntegrityError
from scoring.base.settings import Settings
from scoring.governance.registry import champion, load_artefact, promote_model, store_model
from scoring.parties.lender_policies import Policy
from scoring.reasons.texts import texts
from scoring.score.replay import replay_score
from scoring.score.views import lender_view
from scoring.store.database import Database
from scoring.store.supersede import supersede_record
from scoring.store.tables import OrderLine
from scoring.store.verification import verify_scores
from tests.applicants import decide
from tests.builders import FounderBuilder, a_founder, a_lender, an_expert_model
from tests.conftest import Clock


@pytest.fixture
def founder(sqlite: Database) -> FounderBuilder:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).attending(7, of=10).selling(weekly=500_000, weeks=30)
    return founder.consenting(to="L-DEMO")


def test_another_time_zone_changes_no_score_that_was_given(
    sqlite: Database, founder: FounderBuilder
) -> None:
    score = founder.scored()
    moved = Database(
        Settings(data_dir=sqlite.settings.data_dir, time_zone="Pacific/Honolulu"), sqlite.clock
    )
    assert replay_score(moved, score.reference)["equal"] is True


def test_a_better_wording_changes_no_score_that_was_given(
    sqlite: Database, founder: FounderBuilder
) -> None:
    score = founder.scored()
    for entry in texts().groups.values():
        assert entry.against.ko not in score.document
        assert entry.for_.en not in score.document
    reasons = lender_view(score)["reasons"]
    assert all(reason["text"]["ko"] for side in reasons.values() for reason in side)
    assert replay_score(sqlite, score.reference)["equal"] is True


def test_a_score_that_was_altered_is_found(sqlite: Database, founder: FounderBuilder) -> None:
    founder.scored()
    with sqlite.reading() as session:
        assert verify_scores(session) == 1
    with sqlite.engine.begin() as connection:  # somebody with the file and no triggers
        connection.execute(text("DROP TRIGGER scores_no_update"))
        connection.execute(text("UPDATE scores SET score = score + 100"))
    with sqlite.reading() as session, pytest.raises(IntegrityError, match="audit chain"):
        verify_scores(session)


def test_a_document_that_was_altered_is_not_replayed(
    sqlite: Database, founder: FounderBuilder
) -> None:
    reference = founder.scored().reference
    with sqlite.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER scores_no_update"))
        connection.execute(text("UPDATE scores SET document = replace(document, 'KRW', 'USD')"))
    with pytest.raises(IntegrityError, match="digest"):
        replay_score(sqlite, reference)


def test_a_score_given_replays_to_the_same_bytes_whatever_came_after_it(
    database: Database, clock: Clock
) -> None:
    a_lender(database)
    an_expert_model(database)
    whole = a_founder(database).attending(7, of=10)
    whole.selling(weekly=500_000, weeks=30, refund_every=4).consenting(to="L-DEMO")
    thin = a_founder(database, "F-THIN").selling(weekly=500_000, weeks=2).consenting(to="L-DEMO")
    given = [whole.scored(), thin.scored()]
    assert [score.score is None for score in given] == [False, True]

    clock.advance(days=1)
    thin.selling(weekly=900_000, weeks=40, channel="cafe24")
    with database.writing() as ledger:
        for line in ledger.session.scalars(select(OrderLine).limit(5)):
            supersede_record(
                ledger,
                OrderLine,
                line.id,
                replacement={"gross": 1},
                reason="typing error",
                author="a reviewer",
            )
    decide(database, Policy(positive_only=True))
    _promote_another_model(database)
    after = [whole.scored(), thin.scored()]

    for score, later in zip(given, after, strict=True):
        assert later.document != score.document
        assert later.model_id != score.model_id
    for score in given + after:
        replayed = replay_score(database, score.reference)
        assert replayed["digest"] == score.document_digest
        assert replayed["document"] == json.loads(score.document)


def _promote_another_model(database: Database) -> None:
    with database.writing() as ledger:
        first = load_artefact(champion(ledger.session))
        halved = {name: value / 2 for name, value in first.shrinkage_constants.items()}
        model = store_model(
            ledger,
            replace(first, shrinkage_constants=halved),
            kind="expert_prior",
            figures={},
            lineage={},
            trained_by="an analyst",
        )
        promote_model(ledger, model.reference, by="a reviewer", reason="another model")
