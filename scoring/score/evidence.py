"""How much of a founder is known from the records on file, and which others would tell most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from scoring.features import all_features
from scoring.features.catalogue import Kind
from scoring.features.engines.one_founder import Content
from scoring.models.artefact import INTERVAL_LEVEL, Artefact
from scoring.models.evidence import EvidenceRule, KindEvidence
from scoring.score.document import IntervalWidths, MissingRecords, OnFile

Floats = NDArray[np.float64]

_CODES = {
    Kind.SALES: "sales_history",
    Kind.REPAYMENT: "repayment_history",
    Kind.CASH_FLOW: "cash_flow_history",
}


@dataclass(frozen=True)
class Evidence:
    """What is unknown of files for lack of records, by a model's rule.

    Attributes:
        rule: the model's.
        points_per_log_odds: of the model's scale.
        unresolved: by kind, what its records would still tell, log-odds squared, shape (files,).
        days: by kind, how long its records go back, shape (files,).
        records: by kind, how many there are, shape (files,).
    """

    rule: EvidenceRule
    points_per_log_odds: float
    unresolved: Mapping[Kind, Floats]
    days: Mapping[Kind, NDArray[np.int64]]
    records: Mapping[Kind, NDArray[np.int64]]

    def is_thin(self, row: int) -> bool:
        """Whether a file leaves more unknown than the model allows.

        Where no kind of what was earned or paid tells anything, every file is.
        """
        return self.rule.variance <= 0 or self._left(row) > self.rule.allowed

    def unresolved_share(self, row: int) -> float:
        """Share of what all kinds of records would tell that is unknown, 0 to 1."""
        return self._left(row) / self.rule.variance if self.rule.variance > 0 else 1.0

    def widths(self, row: int) -> IntervalWidths:
        """Widths of the interval of the score in points: now, allowed, and lacking nothing."""
        return IntervalWidths(
            sufficient=not self.is_thin(row),
            interval_points=self._points(self._left(row)),
            allowed_points=self._points(self.rule.allowed),
            complete_points=self._points(0.0),
        )

    def missing(self, row: int) -> tuple[MissingRecords, ...]:
        """Kinds of records that would narrow the interval, by how much, the most first.

        `narrows_by_points` is the expected reduction of the interval's width if all of the kind
        were on file. Empty when the file can be scored.
        """
        if not self.is_thin(row):
            return ()
        width = self._points(self._left(row))
        kinds = sorted(self.unresolved, key=lambda kind: -float(self.unresolved[kind][row]))
        narrows = {
            kind: round(width - self._points(self._left(row, without=kind)), 1) for kind in kinds
        }
        return tuple(
            MissingRecords(
                code=_CODES[kind],
                have=OnFile(days=int(self.days[kind][row]), records=int(self.records[kind][row])),
                narrows_by_points=by,
            )
            for kind, by in narrows.items()
            if by > 0
        )

    def _left(self, row: int, *, without: Kind | None = None) -> float:
        return sum(
            float(unknown[row]) for kind, unknown in self.unresolved.items() if kind is not without
        )

    def _points(self, unresolved: float) -> float:
        width = self.rule.width(unresolved, level=INTERVAL_LEVEL)
        return round(self.points_per_log_odds * width, 1)


def weigh(
    artefact: Artefact,
    resolved: Mapping[str, Floats],
    contents: Mapping[Kind, Sequence[Content]],
    *,
    as_of: date,
) -> Evidence:
    """Weigh files' evidence by the model's rule.

    Args:
        artefact: the model.
        resolved: by feature, shape (files,), as `finishing.resolved_shares` gives it.
        contents: by kind, of each file.
        as_of: the day of the score.
    """
    rule = artefact.evidence
    days, records, unresolved = {}, {}, {}
    for kind, told in rule.kinds.items():
        days[kind] = np.array([content.days(as_of) for content in contents[kind]], dtype=np.int64)
        records[kind] = np.array([content.records for content in contents[kind]], dtype=np.int64)
        known = _known_share(told, resolved, days[kind], records[kind])
        unresolved[kind] = told.variance * (1.0 - np.minimum(known, 1.0))
    return Evidence(rule, artefact.points.scale.factor, unresolved, days, records)


def _known_share(
    told: KindEvidence,
    resolved: Mapping[str, Floats],
    days: NDArray[np.int64],
    records: NDArray[np.int64],
) -> Floats:
    """Share of what a kind tells that is known, 0 to 1, shape (files,).

    A ratio is known by n / (n + strength), as it is shrunk; a count, mean or extreme by the kind's
    records in the same way. Of either only so much as the history covers of its window: a busy
    week says little about half a year.
    """
    catalogue = all_features()
    by_records = records / np.maximum(records + told.strength, 1.0)
    known = np.zeros(records.shape)
    for name, share in told.shares.items():
        of_this = resolved[name]
        if catalogue[name].shrinkage is None:
            of_this = of_this * by_records
        window = catalogue[name].window
        if window is not None:
            of_this = of_this * np.minimum(days / window, 1.0)
        known = known + share * of_this
    return known
