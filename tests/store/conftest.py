"""A store with a row in every table."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from scoring.base.keys import KeyPurpose
from scoring.base.settings import Settings
from scoring.circumstances.interruptions import (
    PlatformEventKind,
    declare_pause,
    declare_platform_event,
)
from scoring.notices.reading import receive_notice
from scoring.parties.consents import Purpose, withdraw_consent
from scoring.parties.founders import find_founder
from scoring.parties.keys import issue_key, revoke_key, scope_of_key
from scoring.parties.lender_policies import CutOff, Policy, decide_policy
from scoring.parties.lenders import find_lender
from scoring.parties.scopes import LenderScope
from scoring.records.kinds import RecordKind
from scoring.review.dispute_decisions import decide_retracting
from scoring.review.disputes import open_dispute
from scoring.store.database import Database
from scoring.store.keys import rotate_key
from scoring.store.tables import (
    Base,
    CutOffBackground,
    FounderAlias,
    FounderAliasWithdrawal,
    FounderNotice,
    IdempotencyKey,
    ImportWithdrawal,
    LoanDecision,
    OperatorKey,
    OperatorKeyRevocation,
    ProgrammeCalendar,
    QuarantinedRow,
    QuarantineResolution,
    Score,
    Shop,
    UsedLink,
)
from tests.builders import a_founder, a_lender, an_expert_model, import_rows
from tests.conftest import Clock, new_postgresql_database


@pytest.fixture(params=["sqlite", "postgresql"], scope="session")
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A store with a row in every table; nothing can be changed in it, so tests may share it."""
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            server = request.getfixturevalue("postgresql_server")
            url = stack.enter_context(new_postgresql_database(server))
        database = Database(
            Settings(data_dir=tmp_path_factory.mktemp("filled"), database_url=url),
            Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC)),
        )
        stack.callback(database.engine.dispose)
        database.migrate()
        _fill(database)
        with database.reading() as session:
            for name, table in Base.metadata.tables.items():
                assert session.scalar(select(func.count()).select_from(table)), name
        yield database


def _fill(database: Database) -> None:
    a_lender(database)
    an_expert_model(database)
    founder = a_founder(database).attending(5, of=8).selling(weekly=100_000, weeks=20)
    founder.borrowing(
        1_000_000, loan="N-1", disbursed_on=database.today - timedelta(days=90), paid=2
    )
    founder.consenting(to="L-DEMO")
    score = founder.scored()
    founder.selling(weekly=200_000, weeks=1)
    yesterday = database.today - timedelta(days=1)
    import_rows(
        database,
        RecordKind.APPLICATIONS,
        [
            {
                "founder": founder.reference,
                "application": "A-1",
                "lender": "L-DEMO",
                "applied_on": yesterday,
                "principal": 100_000,
                "months": 12,
                "instalment": 9_000,
                "currency": "KRW",
            }
        ],
    )
    import_rows(
        database,
        RecordKind.OUTCOMES,
        [{"application": "A-1", "outcome": "good", "declared_on": yesterday}],
    )
    import_rows(
        database,
        RecordKind.CASH_FLOW,
        [
            {
                "founder": founder.reference,
                "account": "K-1",
                "line": "1",
                "booked_on": yesterday,
                "direction": "in",
                "amount": 1_000,
                "currency": "KRW",
            }
        ],
    )
    import_rows(
        database,
        RecordKind.LOAN_EVENTS,
        [{"loan": "N-1", "event_id": "E-1", "happened_on": yesterday, "event": "fee_charged"}],
    )
    _fill_what_is_reviewed(database, founder.reference, yesterday)
    _fill_what_comes_in(database, score.founder_id)
    _fill_what_a_lender_chose(database)
    _fill_what_was_decided(database, score)
    with database.writing() as ledger:
        lender = find_lender(ledger.session, "L-DEMO")
        revoke_key(ledger, issue_key(ledger, lender, actor="test"), actor="test")
        rotate_key(ledger, KeyPurpose.LINKS, by="test")
        ledger.session.add_all(
            [
                IdempotencyKey(
                    sender="lender:L-DEMO",
                    key="a-key",
                    request_digest="0" * 64,
                    answer="score",
                    reference=score.reference,
                    created_at=ledger.now,
                ),
                UsedLink(nonce="a-nonce", founder_id=score.founder_id, used_at=ledger.now),
            ]
        )
        withdraw_consent(
            ledger,
            find_founder(ledger.session, founder.reference),
            lender=lender,
            purpose=Purpose.LOAN_APPLICATION,
            actor="test",
        )


def _fill_what_a_lender_chose(database: Database) -> None:
    with database.writing() as ledger:
        lender = find_lender(ledger.session, "L-DEMO")
        decide_policy(ledger, lender, Policy(CutOff(170, 20)), by="A Person", reason="because")
        ledger.session.add(
            CutOffBackground(
                reference="B-000000000000",
                lender_id=lender.id,
                model_id=1,
                positive_only=False,
                cut_off=170,
                margin=20,
                founders=20,
                content="{}",
                computed_by="A Person",
                computed_at=ledger.now,
            )
        )


def _fill_what_was_decided(database: Database, score: Score) -> None:
    with database.writing() as ledger:
        ledger.session.add_all(
            [
                LoanDecision(
                    reference="D-000000000000",
                    founder_id=score.founder_id,
                    lender_id=score.lender_id,
                    application="A-1",
                    application_id=1,
                    score_id=score.id,
                    outcome="approve",
                    override_reason=None,
                    content="{}",
                    decided_by="an officer",
                    decided_at=ledger.now,
                ),
                FounderNotice(
                    founder_id=score.founder_id,
                    lender_id=score.lender_id,
                    kind="declined",
                    source=None,
                    loan=None,
                    content="{}",
                    given_at=ledger.now,
                ),
            ]
        )


def _fill_what_is_reviewed(database: Database, founder: str, day: date) -> None:
    """A dispute that a lender has heard of, a pause and a failure of a channel."""
    zone = database.settings.zone
    with database.writing() as ledger:
        person = find_founder(ledger.session, founder)
        dispute = open_dispute(
            ledger, person, RecordKind.SALES, 3, reason="not mine", opened_by="founder"
        )
        declare_pause(ledger, person, first_day=day, last_day=day, author="test", zone=zone)
        declare_platform_event(
            ledger,
            "smartstore",
            PlatformEventKind.OUTAGE,
            first_day=day,
            last_day=day,
            author="test",
            zone=zone,
        )
    with database.writing() as ledger:
        decide_retracting(ledger, dispute.id, reason="indeed", author="a reviewer")
        scope = scope_of_key(
            ledger.session,
            issue_key(ledger, find_lender(ledger.session, "L-DEMO"), actor="test"),
        )
        assert isinstance(scope, LenderScope)
        receive_notice(ledger, scope, 1)


def _fill_what_comes_in(database: Database, founder_id: int) -> None:
    with database.writing() as ledger:
        now, author = ledger.now, "test"
        alias = FounderAlias(
            founder_id=founder_id, kind="name", digest="0" * 64, author=author, added_at=now
        )
        key = OperatorKey(operator="O-1", identifier="abc", digest="0" * 64, issued_at=now)
        waiting = QuarantinedRow(
            import_id=1,
            kind="sales",
            row=2,
            source="shop",
            natural_key="0" * 64,
            reason="unknown_person",
            cells="{}",
            recorded_at=now,
        )
        ledger.session.add_all([alias, key, waiting])
        ledger.session.flush()
        ledger.session.add_all(
            [
                FounderAliasWithdrawal(alias_id=alias.id, author=author, withdrawn_at=now),
                OperatorKeyRevocation(operator_key_id=key.id, revoked_at=now),
                QuarantineResolution(
                    quarantined_row_id=waiting.id,
                    outcome="dismissed",
                    reason="nobody's",
                    author=author,
                    resolved_at=now,
                ),
                ImportWithdrawal(import_id=1, reason="wrong", author=author, withdrawn_at=now),
                ProgrammeCalendar(
                    programme_id=1, held_on=database.today, author=author, added_at=now
                ),
                Shop(
                    founder_id=founder_id,
                    channel="shop",
                    opened_on=database.today,
                    author=author,
                    added_at=now,
                ),
            ]
        )
