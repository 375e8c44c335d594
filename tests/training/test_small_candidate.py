"""A candidate of few features: the same from the same records, calibrated, with its report."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from scoring.governance.registry import find_model, load_artefact
from scoring.published.table import scorecard_table
from scoring.store.database import Database
from tests.training.conftest import KNOWN_AT
from training.candidate import Candidate, train_candidate
from training.data.dataset import TrainingSet


@pytest.fixture(scope="module")
def small_candidate(loans_store: Database) -> Candidate:
    return train_candidate(loans_store, by="an analyst", known_at=KNOWN_AT)


@pytest.mark.slow
def test_the_same_records_give_the_same_model(
    loans_store: Database, small_candidate: Candidate, small_data: TrainingSet
) -> None:
    again = train_candidate(loans_store, by="an analyst", known_at=KNOWN_AT)
    assert again.reference == small_candidate.reference
    assert again.figures == small_candidate.figures
    assert again.lineage["training_set_digest"] == small_data.digest()


def test_the_calibration_is_reported_and_kept_with_the_model(
    loans_store: Database, small_candidate: Candidate
) -> None:
    said = small_candidate.figures["calibration"]
    assert said["labels"] == small_candidate.figures["labels"]
    assert said["slope"] > 0
    for part in ("out_of_time", "cross_validation"):
        before = small_candidate.figures[part]["before_calibration"]
        assert set(before) == {"calibration_slope", "calibration_intercept", "ece"}
        assert before["calibration_slope"] != small_candidate.figures[part]["calibration_slope"]
    with loans_store.reading() as session:
        artefact = load_artefact(find_model(session, small_candidate.reference))
    assert artefact.calibration is not None
    assert artefact.calibration.to_dict() == said
    assert "Calibration" in small_candidate.report.read_text(encoding="utf-8")


def test_the_report_needs_nothing_else(small_candidate: Candidate) -> None:
    page = small_candidate.report.read_text(encoding="utf-8")
    assert small_candidate.report.name == f"{small_candidate.reference}.html"
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!data:)""", page)
    assert "://" not in re.sub(r"data:[^\"']+", "", page)
    assert "Which of the expert's weights the score hangs on" in page
    for heading in ("How well it foretells", "What moves the score", "The scorecard", "Lineage"):
        assert heading in page
    assert "not a cause" in page
    told = re.search(r"differs by at most (\S+) log-odds", page)
    assert told is not None
    assert float(told[1]) < 1e-9, "the library's explainer and the closed form agree"
    assert page.count("data:image/") == 4


def test_the_report_leaves_the_compiler_of_the_process_as_it_is() -> None:
    asked = (
        "import os; import training.candidate, training.validation.report.html; "
        "assert not [name for name in os.environ if 'NUMBA' in name]"
    )
    bare = {name: value for name, value in os.environ.items() if "NUMBA" not in name}
    subprocess.run([sys.executable, "-c", asked], check=True, env=bare)


def test_a_candidate_keeps_what_became_of_loans_in_each_bin_and_the_report_shows_it(
    loans_store: Database, small_candidate: Candidate, small_data: TrainingSet
) -> None:
    with loans_store.reading() as session:
        artefact = load_artefact(find_model(session, small_candidate.reference))
    assert set(artefact.bin_outcomes) == set(artefact.feature_names)
    for outcomes in artefact.bin_outcomes.values():
        assert sum(outcomes.bads) == small_data.bads
        assert sum(outcomes.goods) == len(small_data.y) - small_data.bads
    table = scorecard_table(artefact, model=small_candidate.reference, kind=small_candidate.kind)
    page = small_candidate.report.read_text(encoding="utf-8")
    assert table.sentence in page
    shown = [bin_ for feature in table.features for bin_ in feature.bins if bin_.bad_rate]
    assert shown
    assert all(f"{100 * (bin_.bad_rate or 0):.0f} %" in page for bin_ in shown)
