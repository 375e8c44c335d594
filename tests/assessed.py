"""Plain values assessed by a model as the product does it: one definition of score and PD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.governance.served import Served
from scoring.models.artefact import Artefact
from scoring.score.assessment import Assessment, assess, columns_of

Record = Mapping[str, float | None]


def assessed(artefact: Artefact, records: Sequence[Record]) -> Assessment:
    """What a model says of records; features that a record lacks are missing."""
    names = artefact.feature_names
    files = [{name: record.get(name) for name in names} for record in records]
    return assess(Served.of(artefact, "0" * 64), columns_of(files, names))


def score_of(artefact: Artefact, record: Record) -> int:
    return int(assessed(artefact, [record]).score[0])


def rows_of(names: Sequence[str], records: Sequence[Record]) -> NDArray[np.float64]:
    """Records as rows in the card's order, shape (records, features), NaN where missing."""
    return np.array([[record.get(name) for name in names] for record in records], dtype=np.float64)
