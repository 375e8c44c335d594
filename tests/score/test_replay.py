"""A score given is the same a year later, whatever was set, worded or tampered with since."""

import gzip
import json
from pathlib import Path

import pytest
from sqlalchemy import text

from scoring.base.canonical import digest
from scoring.base.errors import IntegrityError
from scoring.base.settings import Settings
from scoring.parties.consents import Purpose, require_consent
from scoring.parties.lenders import find_lender
from scoring.reasons.texts import texts
from scoring.score.replay import replay_score
from scoring.score.views import lender_view
from scoring.store.database import Database
from scoring.store.tables import Model, Score
from scoring.store.verification import verify_scores
from tests.builders import FounderBuilder, a_founder, a_lender, an_expert_model

GIVEN = Path(__file__).with_name("given")


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


def test_scores_of_the_version_before_lenders_had_policies_replay_to_the_same_bytes(
    database: Database,
) -> None:
    """Their documents and model are as that version wrote them, on these founders' records."""
    given = json.loads(gzip.decompress((GIVEN / "scores_before_policies.json.gz").read_bytes()))
    a_lender(database)
    whole = a_founder(database).attending(7, of=10)
    whole.selling(weekly=500_000, weeks=30, refund_every=4).consenting(to="L-DEMO")
    thin = a_founder(database, "F-THIN").selling(weekly=500_000, weeks=2)
    thin.consenting(to="L-DEMO")
    for number, document in enumerate(given["documents"]):
        _store_as_given(database, given["artefact"], document, f"S-OLD{number}")
        replayed = replay_score(database, f"S-OLD{number}")
        assert replayed["equal"] is True
        assert replayed["document"] == json.loads(document)
    assert [json.loads(document)["score"] is None for document in given["documents"]] == [
        False,
        True,
    ]


def _store_as_given(database: Database, artefact: str, document: str, reference: str) -> None:
    said = json.loads(document)
    with database.writing() as ledger:
        lender = find_lender(ledger.session, said["lender"])
        purpose = Purpose(said["purpose"])
        founder, consent = require_consent(
            ledger.session, said["founder"], lender=lender, purpose=purpose, at=ledger.now
        )
        model = ledger.session.query(Model).first() or Model(
            reference=said["model"]["id"],
            kind="expert_prior",
            artefact=artefact,
            artefact_digest=digest(artefact),
            deployment_profile=said["model"]["deployment_profile"],
            currency=said["currency"],
            figures="{}",
            lineage="{}",
            trained_by="an analyst",
            trained_at=ledger.now,
        )
        ledger.session.add(model)
        ledger.session.flush()
        ledger.session.add(
            Score(
                reference=reference,
                founder_id=founder.id,
                lender_id=lender.id,
                consent_id=consent.id,
                model_id=model.id,
                purpose=purpose.value,
                application=said["application"],
                as_of=database.today,
                known_at=ledger.now,
                issued_at=ledger.now,
                score=said["score"],
                document=document,
                document_digest=digest(document),
                code_version="before policies",
            )
        )
