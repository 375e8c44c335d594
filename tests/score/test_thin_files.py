"""Thin files: what a model could still learn decides, and the file says which records tell most."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.base.settings import DeploymentProfile
from scoring.features import features_for
from scoring.features.catalogue import Kind
from scoring.features.engines.one_founder import Content
from scoring.models.artefact import Artefact
from scoring.models.evidence import EARNED_OR_PAID
from scoring.models.priors import read_priors, typical_constants, unfitted_scorecard
from scoring.score.document import ScoreDocument
from scoring.score.evidence import Evidence, weigh
from scoring.score.views import lender_view
from scoring.store.database import Database
from tests.builders import FounderBuilder, a_founder, a_lender, an_expert_model, document_of

TODAY = date(2026, 11, 1)


def _expert_artefact() -> Artefact:
    profile = DeploymentProfile.RESEARCH_SANDBOX
    features = features_for(profile)
    scorecard = unfitted_scorecard(features, read_priors(), currency="KRW")
    return Artefact.of(
        scorecard.fit(pd.DataFrame(columns=list(features), dtype=float)),
        currency="KRW",
        deployment_profile=profile,
        shrinkage_constants=typical_constants(features, read_priors()),
    )


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    return _expert_artefact()


def _document(founder: FounderBuilder) -> ScoreDocument:
    return document_of(founder.scored())


def test_attendance_alone_never_suffices_and_never_narrows(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    empty = _document(a_founder(sqlite, "F-EMPTY").consenting(to="L-DEMO"))
    diligent = a_founder(sqlite, "F-DILIGENT").attending(60, of=60).consenting(to="L-DEMO")
    document = _document(diligent)
    assert document.result.score is None
    assert document.evidence == empty.evidence
    assert {entry.code for entry in document.missing} == {
        "sales_history",
        "cash_flow_history",
        "repayment_history",
    }


def test_every_month_of_sales_narrows_the_interval_until_the_file_can_be_scored(
    sqlite: Database,
) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    widths, scores = [], []
    for weeks in (1, 4, 13, 30, 60):
        founder = a_founder(sqlite, f"F-{weeks}").selling(weekly=500_000, weeks=weeks)
        document = _document(founder.consenting(to="L-DEMO"))
        widths.append(document.evidence.interval_points)
        scores.append(document.result.score)
        assert document.evidence.sufficient == (document.result.score is not None)
        assert document.evidence.sufficient == (widths[-1] <= document.evidence.allowed_points)
    assert widths == sorted(widths, reverse=True)
    assert scores[0] is None
    assert scores[-1] is not None


def test_what_narrows_most_comes_first_and_is_said_in_plain_words(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).selling(weekly=600_000, weeks=3).consenting(to="L-DEMO")
    view = lender_view(founder.scored())
    narrows = [entry["narrows_by_points"] for entry in view["missing"]]
    assert narrows == sorted(narrows, reverse=True)
    assert narrows[-1] > 0
    texts = {entry["code"]: entry["text"]["en"] for entry in view["missing"]}
    assert "another shop" in texts["sales_history"], "some sales are on file already"
    assert "another" not in texts["cash_flow_history"], "no account is"


def test_a_promised_narrowing_is_kept_when_the_records_come(artefact: Artefact) -> None:
    nothing = _weighed(artefact, dict.fromkeys(EARNED_OR_PAID, (0, 0)))
    promised = {entry.code: entry.narrows_by_points for entry in nothing.missing(0)}
    files = dict.fromkeys(EARNED_OR_PAID, (0, 0)) | {Kind.REPAYMENT: (2000, 10**9)}
    after = _weighed(artefact, files)
    narrowed = nothing.widths(0).interval_points - after.widths(0).interval_points
    assert narrowed == pytest.approx(promised["repayment_history"], abs=0.2)


def _weighed(
    artefact: Artefact, files: dict[Kind, tuple[int, int]], *, evidence: float = 10**9
) -> Evidence:
    """Files as (days, records) per kind, features known where there are records."""
    resolved = {}
    for name, feature in artefact.features.items():
        known = 1.0 if files.get(feature.kind, (0, 0))[1] else 0.0
        if feature.shrinkage is not None:
            known *= evidence / (evidence + feature.shrinkage.strength)
        resolved[name] = np.array([known])
    contents = {
        kind: [
            Content(
                records=files.get(kind, (0, 0))[1],
                first_day=TODAY - timedelta(days=files[kind][0] - 1)
                if files.get(kind, (0, 0))[1]
                else None,
                last_day=TODAY,
            )
        ]
        for kind in artefact.kinds
    }
    return weigh(artefact, resolved, contents, as_of=TODAY)


@st.composite
def _files(draw: st.DrawFn) -> dict[Kind, tuple[int, int]]:
    return {
        kind: draw(
            st.tuples(st.integers(min_value=1, max_value=900), st.integers(0, 500)), label=kind
        )
        for kind in EARNED_OR_PAID
    }


@settings(max_examples=50, deadline=None)
@given(
    files=_files(),
    kind=st.sampled_from(EARNED_OR_PAID),
    more_days=st.integers(0, 400),
    more_records=st.integers(0, 400),
    evidence=st.floats(0, 500),
)
def test_more_records_never_raise_the_expected_width(
    artefact: Artefact,
    files: dict[Kind, tuple[int, int]],
    kind: Kind,
    more_days: int,
    more_records: int,
    evidence: float,
) -> None:
    days, records = files[kind]
    before = _weighed(artefact, files, evidence=evidence)
    more = files | {kind: (days + more_days, records + more_records)}
    after = _weighed(artefact, more, evidence=evidence)
    assert after.unresolved_share(0) <= before.unresolved_share(0) + 1e-12
    assert after.widths(0).interval_points <= before.widths(0).interval_points
    assert not (after.is_thin(0) and not before.is_thin(0))


@settings(max_examples=50, deadline=None)
@given(files=_files(), certainty=st.floats(1e-6, 1.0))
def test_more_loans_alone_make_no_thin_file_sufficient(
    artefact: Artefact, files: dict[Kind, tuple[int, int]], certainty: float
) -> None:
    rule = artefact.evidence
    surer = replace(artefact, evidence=replace(rule, card_variance=certainty * rule.card_variance))
    assert _weighed(surer, files).is_thin(0) == _weighed(artefact, files).is_thin(0)


@settings(max_examples=50, deadline=None)
@given(files=st.lists(_files(), min_size=2, max_size=6))
def test_a_file_is_weighed_alike_alone_and_among_others(
    artefact: Artefact, files: list[dict[Kind, tuple[int, int]]]
) -> None:
    alone = [_weighed(artefact, file) for file in files]
    contents = {
        kind: [
            Content(file[kind][1], TODAY - timedelta(days=file[kind][0] - 1), TODAY)
            if file[kind][1]
            else Content(0, None, None)
            for file in files
        ]
        for kind in EARNED_OR_PAID
    }
    resolved = {
        name: np.array(
            [
                (10**9 / (10**9 + f.shrinkage.strength) if f.shrinkage else 1.0)
                if file.get(f.kind, (0, 0))[1]
                else 0.0
                for file in files
            ]
        )
        for name, f in artefact.features.items()
    }
    together = weigh(artefact, resolved, contents, as_of=TODAY)
    for row, one in enumerate(alone):
        assert together.widths(row) == one.widths(0)
        assert together.missing(row) == one.missing(0)
        assert together.unresolved_share(row) == one.unresolved_share(0)


def test_what_a_model_could_learn_is_measured_on_those_it_was_trained_on() -> None:
    rng = np.random.default_rng(3)
    features = features_for(DeploymentProfile.RESEARCH_SANDBOX)
    X = pd.DataFrame(np.nan, index=range(200), columns=list(features))
    spread = rng.normal(size=200)
    X["worst_days_past_due_365d"] = np.round(np.exp(2 + spread))
    scorecard = unfitted_scorecard(features, read_priors(), currency="KRW").fit(X, None)
    made = Artefact.of(
        scorecard,
        currency="KRW",
        deployment_profile=DeploymentProfile.RESEARCH_SANDBOX,
        population=X,
    )
    rule = made.evidence
    given_by_card = scorecard.contributions(X)["worst_days_past_due_365d"].var(ddof=0)
    assert rule.kinds[Kind.REPAYMENT].variance == pytest.approx(given_by_card, rel=1e-5)
    assert rule.kinds[Kind.REPAYMENT].shares["worst_days_past_due_365d"] == pytest.approx(1.0)
