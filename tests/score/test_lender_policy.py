"""A lender's cut-off and its choice to count alternative data in favour only, from then on."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from scoring.base.errors import ConflictError, InputError, IntegrityError
from scoring.features import all_features
from scoring.governance.registry import champion, load_artefact
from scoring.models.backgrounds import BackgroundKind
from scoring.parties.lender_policies import CutOff, Policy, decide_policy
from scoring.parties.lenders import find_lender
from scoring.score.cut_off import LEAST_FOUNDERS
from scoring.score.document import BackgroundUsed, Scored, ScoreDocument
from scoring.score.replay import replay_score
from scoring.store.audit import verify_chain
from scoring.store.database import Database
from scoring.store.tables import AuditEvent, CutOffBackground
from scoring.store.verification import verify_backgrounds, verify_policies
from tests.applicants import applicants, compute, decide, documents_of, scored
from tests.builders import a_founder, a_lender, an_expert_model, document_of

COUNT = 30


def _around(documents: list[ScoreDocument], *, least: int) -> CutOff:
    """A cut-off and margin that hold `least` of the scores and no more than they must."""
    scores = sorted(document.result.score for document in documents)
    return CutOff(scores[3], scores[3 + least - 1] - scores[3])


@pytest.fixture
def store(database: Database) -> Database:
    a_lender(database)
    an_expert_model(database)
    return database


def test_reasons_compare_with_applicants_at_the_cut_off_and_points_with_everybody(
    store: Database,
) -> None:
    references = applicants(store, COUNT)
    documents = documents_of(store, references)
    cut_off = _around(documents, least=LEAST_FOUNDERS)
    decide(store, Policy(cut_off))
    row = compute(store)
    highest = cut_off.score + cut_off.margin
    near = [d.result for d in documents if cut_off.score <= d.result.score <= highest]
    assert row.founders == len(near) >= LEAST_FOUNDERS

    for before in documents[::6]:
        now, then = document_of(scored(store, before.founder)).result, before.result
        for same in ("score", "pd", "points", "points_by_feature", "contributions", "base_points"):
            assert getattr(now, same) == getattr(then, same)
        assert now.backgrounds.points == then.backgrounds.points
        assert then.backgrounds.reasons == then.backgrounds.points
        assert now.backgrounds.reasons == BackgroundUsed(
            id=row.reference, kind=BackgroundKind.CUT_OFF, founders=len(near)
        )
        _assert_reasons(now, near)


def _assert_reasons(result: Scored, near: list[Scored]) -> None:
    """Reasons are groups' points less those of the background, summed up here a second time."""
    worth = {
        group.code: group.points
        - np.mean([p.points for other in near for p in other.points if p.code == group.code])
        for group in result.points
    }
    for side, sign in (("against", -1), ("for", 1)):
        shown = result.reasons.by_side[side]
        assert len(shown) <= 4
        expected = sorted((sign * w for w in worth.values() if sign * w > 1e-9), reverse=True)
        assert [sign * reason.points for reason in shown] == pytest.approx(expected[:4])
        for reason in shown:
            assert reason.points == pytest.approx(worth[reason.code])


def test_a_score_given_under_one_policy_replays_after_any_other(store: Database) -> None:
    references = applicants(store, COUNT)
    documents = documents_of(store, references)
    policies = [
        Policy(CutOff(_around(documents, least=LEAST_FOUNDERS).score, 400)),
        Policy(_around(documents, least=LEAST_FOUNDERS), positive_only=True),
        Policy(positive_only=True),
        Policy(),
    ]
    given = [scored(store, references[4])]
    for policy in policies:
        decide(store, policy)
        given.append(scored(store, references[4]))
        if policy.cut_off is not None and not policy.positive_only:
            compute(store)
            given.append(scored(store, references[4]))
    texts = [score.document for score in given]
    assert texts[0] == texts[1]  # a cut-off without a background changes nothing yet
    assert texts[3] == texts[4]  # nor does one of another card
    assert texts[0] == texts[5]
    assert len({texts[1], texts[2], texts[3]}) == 3
    for score in given:
        replayed = replay_score(store, score.reference)
        assert replayed["equal"] is True
        assert replayed["digest"] == score.document_digest
    with store.reading() as session:
        verify_chain(session)


def test_positive_only_takes_away_what_alternative_data_cost_and_says_so(store: Database) -> None:
    references = applicants(store, 9)
    plain = documents_of(store, references)
    decide(store, Policy(positive_only=True))
    clipped = documents_of(store, references)
    with store.reading() as session:
        artefact = load_artefact(champion(session))
    for document, document_now in zip(plain, clipped, strict=True):
        assert document.model.positive_only is False
        assert document_now.model.positive_only is True
        assert document_now.features == document.features
        before, now = document.result, document_now.result
        assert before.backgrounds.points != now.backgrounds.points
        assert now.score == now.base_points + sum(now.points_by_feature.values())
        total = now.base_log_odds + sum(now.contributions.values())
        assert total == pytest.approx(now.log_odds, abs=1e-12)
        cost = sum(
            max(value, 0.0)
            for name, value in before.contributions.items()
            if all_features()[name].kind.is_alternative
        )
        assert now.log_odds == pytest.approx(before.log_odds - cost, abs=1e-12)
        assert now.pd <= before.pd
        assert now.score == before.score + sum(
            max(-points, 0)
            for name, points in before.points_by_feature.items()
            if all_features()[name].kind.is_alternative
        )
        span = now.score_range
        assert (span.lowest, span.highest) == artefact.positive_only.score_range


def test_another_lender_has_no_part_in_a_policy(sqlite: Database) -> None:
    a_lender(sqlite)
    a_lender(sqlite, "L-OTHER")
    an_expert_model(sqlite)
    founder = a_founder(sqlite).selling(weekly=90_000, weeks=20)
    founder.consenting(to="L-DEMO").consenting(to="L-OTHER")
    decide(sqlite, Policy(positive_only=True), lender="L-OTHER")
    assert document_of(founder.scored()).model.positive_only is False
    assert document_of(founder.scored(lender="L-OTHER")).model.positive_only is True


def test_a_thin_file_says_positive_only_too_and_replays(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    decide(sqlite, Policy(positive_only=True))
    score = a_founder(sqlite).selling(weekly=90_000, weeks=2).consenting(to="L-DEMO").scored()
    assert score.score is None
    assert document_of(score).model.positive_only is True
    assert replay_score(sqlite, score.reference)["equal"] is True


def test_with_too_few_at_the_cut_off_the_error_says_how_many_and_what_to_do(
    sqlite: Database,
) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    references = applicants(sqlite, COUNT)
    documents = documents_of(sqlite, references)
    with pytest.raises(ConflictError, match="no cut-off"):
        compute(sqlite)
    cut_off = _around(documents, least=LEAST_FOUNDERS)
    ends = (cut_off.score, cut_off.score + cut_off.margin)
    inside = [d.founder for d in documents if ends[0] <= d.result.score <= ends[1]]
    decide(sqlite, Policy(cut_off))
    for reference in inside[: len(inside) - LEAST_FOUNDERS + 1]:
        a_founder(sqlite, reference).withdrawing(from_lender="L-DEMO")
    with pytest.raises(ConflictError, match="19 have .* needs 20. Widen the margin"):
        compute(sqlite)
    with sqlite.reading() as session:
        assert session.scalars(select(CutOffBackground)).first() is None


def test_each_founder_counts_once_by_the_latest_score(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    references = applicants(sqlite, COUNT)
    documents_of(sqlite, references)
    documents = documents_of(sqlite, references)
    decide(sqlite, Policy(CutOff(0, 1000)))
    first = compute(sqlite)
    assert first.founders == COUNT == len(documents)
    a_founder(sqlite, references[0]).selling(weekly=5_000_000, weeks=40)
    scored(sqlite, references[0])
    second = compute(sqlite)
    assert second.founders == COUNT
    before, after = json.loads(first.content), json.loads(second.content)
    assert before["total_points"] != after["total_points"]
    assert first.reference != second.reference


def test_positive_only_needs_no_new_applicants(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    references = applicants(sqlite, COUNT)
    documents_of(sqlite, references)
    decide(sqlite, Policy(CutOff(0, 1000), positive_only=True))
    row = compute(sqlite)
    clipped = documents_of(sqlite, references)
    total = json.loads(row.content)["total_points"]
    for name in total:
        assert total[name] == sum(d.result.points_by_feature[name] for d in clipped)


@pytest.mark.parametrize(("score", "margin"), [(170, -1), (170, 10**6), (10**9, 20)])
def test_a_cut_off_that_cannot_be_is_refused(score: int, margin: int) -> None:
    with pytest.raises(InputError):
        CutOff(score, margin)


@pytest.mark.parametrize(("by", "reason"), [("", "because"), ("A Person", " ")])
def test_a_policy_has_a_person_and_a_reason(sqlite: Database, by: str, reason: str) -> None:
    a_lender(sqlite)
    with sqlite.reading() as session:
        lender = find_lender(session, "L-DEMO")
    with pytest.raises(InputError, match="name and a reason"), sqlite.writing() as ledger:
        decide_policy(ledger, lender, Policy(), by=by, reason=reason)


def test_decisions_and_backgrounds_are_in_the_audit_chain(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    documents_of(sqlite, applicants(sqlite, COUNT))
    decide(sqlite, Policy(CutOff(0, 1000)))
    row = compute(sqlite)
    with sqlite.reading() as session:
        own = select(AuditEvent).where(AuditEvent.action != "rows.written")
        events = session.scalars(own.order_by(AuditEvent.sequence.desc()).limit(2))
        computed, decided = events.all()
    assert (decided.action, decided.actor) == ("lender.policy", "A Person")
    assert json.loads(decided.details)["cut_off"] == 0
    told = json.loads(computed.details)
    assert (computed.action, told["background"]) == ("background.computed", row.reference)
    assert row.reference == f"B-{told['digest'][:12]}"
    assert told["founders"] == COUNT


def test_a_background_that_was_altered_is_found_and_used_no_more(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    references = applicants(sqlite, COUNT)
    documents_of(sqlite, references)
    decide(sqlite, Policy(CutOff(0, 1000)))
    compute(sqlite)
    with sqlite.reading() as session:
        assert verify_backgrounds(session) == 1
    with sqlite.engine.begin() as connection:  # somebody with the file and no triggers
        connection.execute(text("DROP TRIGGER cut_off_backgrounds_no_update"))
        connection.execute(
            text("UPDATE cut_off_backgrounds SET content = replace(content, 'L-DEMO', 'L-FAKE')")
        )
    with sqlite.reading() as session, pytest.raises(IntegrityError, match="audit chain"):
        verify_backgrounds(session)
    with pytest.raises(IntegrityError, match="does not match its digest"):
        scored(sqlite, references[0])


def test_an_altered_column_of_a_background_is_found(sqlite: Database) -> None:
    a_lender(sqlite)
    a_lender(sqlite, "L-OTHER")
    an_expert_model(sqlite)
    documents_of(sqlite, applicants(sqlite, 4 * LEAST_FOUNDERS))
    decide(sqlite, Policy(CutOff(0, 1000)))
    compute(sqlite)
    with sqlite.reading() as session:
        assert verify_backgrounds(session) == 1
    for altered in (
        "lender_id = (SELECT id FROM lenders WHERE reference = 'L-OTHER')",
        "model_id = model_id + 1000",
        "positive_only = NOT positive_only",
        "cut_off = cut_off + 1",
        "margin = margin - 1",
        "founders = founders + 1",
        "computed_by = 'Another Person'",
        "computed_at = computed_at - 1",
        "reference = 'B-000000000000'",
    ):
        with sqlite.engine.connect() as connection:  # somebody with the file and no triggers
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            connection.execute(text("DROP TRIGGER cut_off_backgrounds_no_update"))
            connection.execute(text(f"UPDATE cut_off_backgrounds SET {altered}"))
            with Session(connection) as session, pytest.raises(IntegrityError, match="audit chain"):
                verify_backgrounds(session)
            connection.rollback()
    with sqlite.reading() as session:
        assert verify_backgrounds(session) == 1


@pytest.mark.parametrize(
    "altered",
    [
        "UPDATE lender_policies SET cut_off = 170 WHERE cut_off = 180",
        "UPDATE lender_policies SET cut_off = NULL, margin = NULL",
        "UPDATE lender_policies SET margin = margin + 1",
        "UPDATE lender_policies SET positive_only = NOT positive_only",
        "UPDATE lender_policies SET reason = 'another'",
        "UPDATE lender_policies SET decided_by = 'Another Person'",
        "UPDATE lender_policies SET decided_at = decided_at - 1",
        "UPDATE lender_policies SET id = 10 - id",
        "UPDATE lender_policies SET lender_id = "
        "(SELECT id FROM lenders WHERE reference = 'L-OTHER')",
        "DELETE FROM lender_policies WHERE positive_only",
        "INSERT INTO lender_policies SELECT 9, lender_id, cut_off, margin, positive_only, reason, "
        "decided_by, decided_at FROM lender_policies WHERE positive_only",
    ],
)
def test_an_altered_policy_is_found(sqlite: Database, altered: str) -> None:
    a_lender(sqlite)
    a_lender(sqlite, "L-OTHER")
    decide(sqlite, Policy(CutOff(180, 20)))
    decide(sqlite, Policy(positive_only=True))
    decide(sqlite, Policy(CutOff(150, 10)), lender="L-OTHER")
    with sqlite.reading() as session:
        assert verify_policies(session) == 3
    _alter(sqlite, "lender_policies", altered)
    with sqlite.reading() as session, pytest.raises(IntegrityError, match="audit chain"):
        verify_policies(session)


def _alter(database: Database, table: str, statement: str) -> None:
    with database.engine.connect() as connection:  # somebody with the file and no triggers
        connection.execute(text("PRAGMA foreign_keys = OFF"))
        for done in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER {table}_no_{done}"))
        connection.execute(text(statement))
        connection.commit()
