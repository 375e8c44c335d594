"""The score document: what it holds as text, and that it is read back whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.base.canonical import canonical_json
from scoring.base.errors import IntegrityError
from scoring.base.settings import Settings
from scoring.features.catalogue import Kind
from scoring.score.document import Insufficient, Scored, ScoreDocument
from tests.builders import a_founder, a_lender, an_expert_model
from tests.conftest import Clock, new_sqlite_store

OF_ANY = {
    "schema", "founder", "lender", "purpose", "application", "as_of", "time_zone", "currency",
    "model", "completeness", "features", "observed", "evidence", "missing", "integrity_signals",
    "score", "points", "reasons", "status", "current_arrears",
}  # fmt: skip
OF_A_SCORE = {
    "score_range", "band", "log_odds", "pd", "pd_low", "pd_high", "interval_level", "base_points",
    "base_log_odds", "contributions", "points_by_feature", "backgrounds", "category_shares",
}  # fmt: skip


@pytest.fixture(scope="module")
def texts_stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Documents of a whole and of a thin file, as the store has them."""
    clock = Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC))
    store = new_sqlite_store(Settings(data_dir=tmp_path_factory.mktemp("store")), clock)
    a_lender(store)
    an_expert_model(store)
    disbursed = store.today - timedelta(days=180)
    whole = a_founder(store, "F-WHOLE").attending(7, of=10)
    whole.selling(weekly=500_000, weeks=40, refund_every=5)
    whole.borrowing(1_200_000, loan="N-1", disbursed_on=disbursed, paid=4)
    thin = a_founder(store, "F-THIN").selling(weekly=500_000, weeks=2)
    return {
        "whole": whole.consenting(to="L-DEMO").scored().document,
        "thin": thin.consenting(to="L-DEMO").scored().document,
    }


def test_a_document_holds_these_entries_and_no_others(texts_stored: dict[str, str]) -> None:
    whole, thin = (json.loads(texts_stored[name]) for name in ("whole", "thin"))
    assert set(whole) == OF_ANY | OF_A_SCORE
    assert set(thin) == OF_ANY
    assert whole["schema"] == thin["schema"] == "foothold.score/1"
    assert set(whole["backgrounds"]["points"]) == {"id", "kind"}
    assert set(whole["evidence"]) == set(thin["evidence"]) == {
        "sufficient", "interval_points", "allowed_points", "complete_points",
    }  # fmt: skip
    assert set(whole["reasons"]) == {"against", "for"}
    assert set(thin["missing"][0]) == {"code", "have", "narrows_by_points"}
    assert (thin["score"], thin["points"], thin["reasons"]) == (
        None,
        [],
        {"against": [], "for": []},
    )


@pytest.mark.parametrize("name", ["whole", "thin"])
def test_a_document_read_and_written_again_is_the_same_to_the_byte(
    texts_stored: dict[str, str], name: str
) -> None:
    document = ScoreDocument.from_canonical(texts_stored[name])
    assert document.to_canonical() == texts_stored[name]
    assert ScoreDocument.from_canonical(document.to_canonical()) == document


def test_a_score_and_none_are_types_of_their_own(texts_stored: dict[str, str]) -> None:
    whole = ScoreDocument.from_canonical(texts_stored["whole"])
    thin = ScoreDocument.from_canonical(texts_stored["thin"])
    assert isinstance(whole.result, Scored)
    assert whole.result.score == whole.result.base_points + sum(
        group.points for group in whole.result.points
    )
    assert whole.missing == ()
    assert whole.completeness[Kind.SALES].records == 80
    assert isinstance(thin.result, Insufficient)
    assert not hasattr(thin.result, "pd")
    assert thin.missing[0].narrows_by_points > 0


def test_a_document_can_not_be_changed(texts_stored: dict[str, str]) -> None:
    document = ScoreDocument.from_canonical(texts_stored["whole"])
    for part, name in ((document, "founder"), (document.result, "score"), (document.model, "id")):
        with pytest.raises(ValueError, match="frozen"):
            setattr(part, name, "another")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data.update(schema="foothold.score/9"), "format 'foothold.score/9'"),
        (lambda data: data.update(schema=None), "format None"),
        (lambda data: data.pop("features"), "features"),
        (lambda data: data.pop("pd_low"), "pd_low"),
        (lambda data: data.update(remark="x"), "remark"),
        (lambda data: data["model"].pop("positive_only"), "model.positive_only"),
        (lambda data: data["reasons"].update(neutral=[]), "neutral"),
        (lambda data: data.update(as_of="yesterday"), "as_of"),
        (lambda data: data["completeness"].update(astrology={}), "astrology"),
        (lambda data: data.update(score=None), "score"),
        (lambda data: data.update(status="insufficient"), "points"),
        (lambda data: data.pop("status"), "status"),
    ],
)
def test_a_document_that_is_not_whole_is_refused_by_the_name_of_the_entry(
    texts_stored: dict[str, str], change: Callable[[dict[str, Any]], object], told: str
) -> None:
    data = json.loads(texts_stored["whole"])
    change(data)
    with pytest.raises(IntegrityError) as raised:
        ScoreDocument.from_canonical(canonical_json(data))
    assert told in str(raised.value)
    assert "F-WHOLE" not in str(raised.value), "an error tells nothing of the founder"
