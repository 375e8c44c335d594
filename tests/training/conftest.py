"""What trainings share: a store with few features, on which a fit is quick.

Each of pytest's processes makes its own. The candidate trained on it is in test_small_candidate.py,
and one with more features in test_train.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from scoring.store.database import Database
from tests.sample_store import a_sample_store
from training.data.dataset import TrainingSet, build_training_set

NOW = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
KNOWN_AT = NOW + timedelta(hours=1)


@pytest.fixture(scope="session")
def loans_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Loans and attendance of the sample, imported as an operator would; no sales, no accounts."""
    with a_sample_store(tmp_path_factory.mktemp("loans"), NOW, blocks=("attendance",)) as database:
        yield database


@pytest.fixture(scope="session")
def small_data(loans_store: Database) -> TrainingSet:
    with loans_store.reading() as session:
        return build_training_set(
            session,
            known_at=KNOWN_AT,
            zone=loans_store.settings.zone,
            profile=loans_store.settings.deployment_profile,
            blocks_off=loans_store.settings.blocks_off,
        )
