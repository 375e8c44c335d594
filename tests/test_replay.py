"""A score given is the same a year later, whatever was set, worded or tampered with since."""

import pytest
from sqlalchemy import text

from scoring.errors import IntegrityError
from scoring.reasons.texts import texts
from scoring.records.database import Database
from scoring.replay import replay_score, verify_scores
from scoring.settings import Settings
from scoring.views import lender_view
from tests.builders import FounderBuilder, a_founder, a_lender, an_expert_model


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
