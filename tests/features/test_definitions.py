"""Feature values against a calculation by hand."""

from datetime import date, timedelta

import pandas as pd
import pytest

from scoring.base.errors import InputError
from scoring.base.settings import DeploymentProfile
from scoring.features import all_features, features_for, kinds_for
from scoring.features.catalogue import Kind, Unit, feature, protected_parts
from scoring.features.engines.finishing import rounded
from scoring.features.engines.lake import Lake
from scoring.features.engines.one_founder import one_founder
from scoring.models.priors import read_priors
from scoring.parties.founders import find_founder
from scoring.reasons.texts import texts
from scoring.records.kinds import RecordKind
from scoring.store.database import Database
from tests.builders import FounderBuilder, a_founder, import_rows


def _values(database: Database, founder: FounderBuilder) -> dict[str, float | None]:
    with database.reading() as session:
        return one_founder(
            session,
            find_founder(session, founder.reference).id,
            as_of=database.today,
            known_at=database.clock(),
            zone=database.settings.zone,
        ).values


def test_excused_sessions_count_neither_for_nor_against(sqlite: Database) -> None:
    with_excuse = _values(sqlite, a_founder(sqlite, "F-1").attending(6, of=12, excused=4))
    without = _values(sqlite, a_founder(sqlite, "F-2").attending(6, of=8))
    assert with_excuse["attended_share"] == without["attended_share"] == 0.75
    assert with_excuse["longest_absence_run"] == without["longest_absence_run"] == 2


def test_no_records_mean_missing_and_not_bad(sqlite: Database) -> None:
    assert set(_values(sqlite, a_founder(sqlite)).values()) == {None}


def test_sales_features_by_hand(sqlite: Database) -> None:
    founder = a_founder(sqlite)
    today = sqlite.today
    lines = [  # days ago, gross, channel, buyer
        (2, 100_000, "cafe24", "a"),
        (9, 300_000, "coupang", "a"),
        (40, 200_000, "cafe24", "b"),
        (91, 50_000, "cafe24", "b"),
        (100, 350_000, "cafe24", "c"),
        (120, 100_000, "cafe24", "c"),
        (199, 500_000, "cafe24", "d"),
    ]
    import_rows(
        sqlite,
        RecordKind.SALES,
        [
            {
                "founder": founder.reference,
                "channel": channel,
                "order_line": f"O{ago}",
                "ordered_on": today - timedelta(days=ago),
                "quantity": 1,
                "gross": gross,
                "currency": "KRW",
                "discount": 0,
                "buyer": buyer,
            }
            for ago, gross, channel, buyer in lines
        ],
    )
    values = _values(sqlite, founder)
    assert values["monthly_net_sales_180d"] == rounded(1_100_000 * 30 / 180, 0)
    assert values["monthly_orders_180d"] == 1
    assert values["average_order_180d"] == rounded(1_100_000 / 6, 0)
    # The longest time between two sales, 121 to 198 days ago, is one pause of 78 days.
    assert values["longest_gap_days_365d"] == 50
    # The first of six weeks with a sale is no whole one, and counts on neither side.
    assert values["active_weeks_share_182d"] == rounded(5 / ((199 - 78 + 1) // 7), 3)
    assert values["days_since_last_sale"] == 2
    assert values["sales_history_months"] == 6
    assert values["sales_growth_90d"] is None  # three orders in the 90 days before
    assert values["channel_concentration_182d"] == rounded(((8 / 11) ** 2 + (3 / 11) ** 2), 2)
    assert values["channels_182d"] == 1
    assert values["refund_share_365d"] is None  # fewer than 20 lines
    assert values["repeat_buyer_share_365d"] is None  # fewer than ten buyers


def test_days_past_due_follow_the_oldest_unsettled_instalment(database: Database) -> None:
    founder = a_founder(database)
    disbursed = database.today - timedelta(days=130)  # due 100, 70, 40 and 10 days ago
    founder.borrowing(4_000_000, loan="N-1", months=4, disbursed_on=disbursed, paid=1, late_days=12)
    values = _values(database, founder)
    assert values["current_days_past_due"] == 70
    assert values["worst_days_past_due_365d"] == 70
    assert values["instalments_settled"] == 1
    assert values["on_time_share_730d"] == 0
    with database.reading() as session:
        table = Lake(session).instalments(
            pd.DataFrame({"founder_id": [1], "as_of": [database.today]}),
            known_at=database.clock(),
            zone=database.settings.zone,
        )
    assert table["days_past_due"].tolist() == [12, 70, 40, 10]


@pytest.mark.parametrize(
    ("instalment", "short_by", "is_settled"),
    [
        (100_000, 10_000, True),  # up to 10,000 won are immaterial, whatever the instalment
        (100_000, 10_001, False),
        (2_000_000, 20_000, True),  # and up to one percent of it
        (2_000_000, 20_001, False),
    ],
)
def test_an_immaterial_remainder_of_an_instalment_is_no_arrear(
    sqlite: Database, instalment: int, short_by: int, is_settled: bool
) -> None:
    founder = a_founder(sqlite)
    disbursed = sqlite.today - timedelta(days=70)
    founder.borrowing(12 * instalment, loan="N-1", disbursed_on=disbursed, paid=0)
    payment = {
        "loan": "N-1",
        "repayment": "R1",
        "paid_on": sqlite.today - timedelta(days=40),
        "amount": instalment - short_by,
    }
    import_rows(sqlite, RecordKind.REPAYMENTS, [payment])
    values = _values(sqlite, founder)
    assert values["instalments_settled"] == int(is_settled)
    assert values["current_days_past_due"] == (10 if is_settled else 40)


def test_an_old_application_says_nothing_of_the_loan_asked_for_now(sqlite: Database) -> None:
    founder = a_founder(sqlite).selling(weekly=700_000, weeks=30)

    def applying(reference: str, on: date, instalment: int) -> None:
        import_rows(
            sqlite,
            RecordKind.APPLICATIONS,
            [
                {
                    "founder": founder.reference,
                    "application": reference,
                    "lender": "L",
                    "applied_on": on,
                    "principal": 11 * instalment,
                    "months": 12,
                    "instalment": instalment,
                    "currency": "KRW",
                }
            ],
        )

    applying("A-1", sqlite.today - timedelta(days=91), 900_000)
    assert _values(sqlite, founder)["instalment_over_net_sales"] is None
    applying("A-2", sqlite.today - timedelta(days=9), 300_000)
    values = _values(sqlite, founder)
    net = values["monthly_net_sales_180d"]
    assert net is not None
    assert values["instalment_over_net_sales"] == rounded(300_000 / net, 3)


def test_protected_attributes_are_refused_by_name() -> None:
    for word in (
        "months_since_arrival",
        "programme_is_known",
        "share_of_excused",
        "founder_age_years",
        "home_region",
        "ethnicity",
        "marriage_years",
        "north_korean_share",
        "children_count",
    ):

        def define(rows: object) -> object:
            return rows

        define.__name__ = word
        with pytest.raises(ValueError, match="protected"):
            feature(
                over=lambda known: known.points,
                kind=Kind.SALES,
                unit=Unit.COUNT,
                direction=next(iter(all_features().values())).direction,
                reason="sales_level",
                empty="",
            )(define)
    assert not [name for name in all_features() if protected_parts(name)]


def test_every_feature_has_texts_a_prior_and_a_description() -> None:
    features = all_features()
    assert set(texts().features) == set(features)
    assert set(texts().groups) == {f.reason for f in features.values()}
    assert set(read_priors().features) == set(features)
    assert all(f.description for f in features.values())


def test_a_non_financial_bureau_uses_no_repayment_records() -> None:
    used = features_for(DeploymentProfile.NONFINANCIAL_CB).values()
    assert Kind.REPAYMENT not in {f.kind for f in used}
    assert Kind.REPAYMENT in {f.kind for f in all_features().values()}


def test_a_block_can_be_switched_off_with_all_that_reads_it() -> None:
    profile = DeploymentProfile.RESEARCH_SANDBOX
    without = features_for(profile, blocks_off=["cash_flow"])
    assert Kind.CASH_FLOW not in {f.kind for f in without.values()}
    assert "instalment_over_inflow" not in without
    assert "instalment_over_net_sales" in without
    assert Kind.CASH_FLOW not in kinds_for(profile, ["cash_flow"])


def test_a_feature_that_is_off_is_in_a_model_only_where_it_is_named() -> None:
    profile = DeploymentProfile.RESEARCH_SANDBOX
    assert "late_share" not in features_for(profile)
    assert "late_share" in features_for(profile, features_on=["late_share"])
    with pytest.raises(InputError, match="lateness"):
        features_for(profile, features_on=["lateness"])
