"""From founders' files to rows of the portfolio's scores, on Arrow batches of any engine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from scoring.base.calendar import day_of
from scoring.base.money import other_currencies
from scoring.features.catalogue import Kind
from scoring.features.engines.finishing import finished, resolved_shares
from scoring.features.engines.loan_states import COLUMN as LOAN_STATES
from scoring.features.engines.loan_states import LoanState, in_order
from scoring.features.engines.one_founder import Content
from scoring.features.engines.statements import content_column
from scoring.governance.served import Served
from scoring.models.artefact import Artefact
from scoring.models.backgrounds import Background
from scoring.score.arrears import Borrower, Told
from scoring.score.assessment import Assessment, assess
from scoring.score.bands import band_of
from scoring.score.document import LoansRead, MissingRecords, Part
from scoring.score.evidence import Evidence, weigh

_GROUP = pa.struct([("code", pa.string()), ("points", pa.int64()), ("missing", pa.bool_())])
# Against applicants at a cut-off points have decimals: a mean was taken off.
_REASON = pa.struct([("code", pa.string()), ("points", pa.float64()), ("missing", pa.bool_())])
_LACK = pa.struct(
    [
        ("code", pa.string()),
        ("have_days", pa.int64()),
        ("have_records", pa.int64()),
        ("narrows_by_points", pa.float64()),
    ]
)
_EVIDENCE = pa.struct(
    [
        ("sufficient", pa.bool_()),
        ("interval_points", pa.float64()),
        ("allowed_points", pa.float64()),
        ("complete_points", pa.float64()),
    ]
)
_DEFAULT = pa.struct(
    [
        ("cause", pa.string()),
        ("since", pa.date32()),
        ("whose", pa.string()),
        ("days", pa.int64()),
        ("reported_through", pa.date32()),
        ("last_reported", pa.date32()),
        ("clean_days", pa.int64()),
        ("paid_dues", pa.int64()),
    ]
)
_ARREARS = pa.struct(
    [
        ("read", pa.string()),
        ("days", pa.int64()),
        ("amount", pa.string()),
        ("reported_through", pa.date32()),
        ("whose", pa.string()),
    ]
)


class Status(StrEnum):
    """What came of a founder's file."""

    SCORED = "scored"
    INSUFFICIENT = "insufficient"
    IN_DEFAULT = "in_default"
    REFUSED = "refused"  # it holds money in another currency than the model's


def result_schema(feature_names: tuple[str, ...]) -> pa.Schema:
    """Columns of the portfolio's scores; those of the model are null where there is no score."""
    return pa.schema(
        [
            pa.field("founder", pa.string()),
            pa.field("status", pa.string()),
            pa.field("score", pa.int64()),
            pa.field("band", pa.string()),
            pa.field("log_odds", pa.float64()),
            pa.field("pd", pa.float64()),
            pa.field("pd_low", pa.float64()),
            pa.field("pd_high", pa.float64()),
            pa.field("points", pa.list_(_GROUP)),
            pa.field("reasons_against", pa.list_(_REASON)),
            pa.field("reasons_for", pa.list_(_REASON)),
            pa.field("missing", pa.list_(_LACK)),
            pa.field("evidence", _EVIDENCE),
            pa.field("in_default", _DEFAULT),
            pa.field("current_arrears", _ARREARS),
            pa.field("features", pa.struct([(name, pa.float64()) for name in feature_names])),
        ]
    )


@dataclass(frozen=True)
class ModelStep:
    """What turns batches of files into batches of scores; travels to workers as plain data.

    Attributes:
        artefact_text: the model in canonical form.
        artefact_digest: of it.
        as_of: the day of the scores.
        lender: reference of who asks, whose own loans are told from others'.
        positive_only: whether the lender has alternative data count in favour only.
        background: of the lender's reasons; None for the card's own.
        told: what founders were told of arrears by then, by source and number of the loan.
    """

    artefact_text: str
    artefact_digest: str
    as_of: date
    lender: str = ""
    positive_only: bool = False
    background: Background | None = None
    told: Mapping[tuple[str, str], Collection[Told]] = field(default_factory=dict)

    @cached_property
    def served(self) -> Served:
        """The model as the lender has it; its digest is checked where it is read."""
        return Served.of(
            Artefact.from_json(self.artefact_text, expected_digest=self.artefact_digest),
            self.artefact_digest,
            positive_only=self.positive_only,
            reasons_against=self.background,
        )

    @property
    def artefact(self) -> Artefact:
        """The model."""
        return self.served.artefact

    @cached_property
    def schema(self) -> pa.Schema:
        """Of the results."""
        return result_schema(self.artefact.feature_names)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The blocks that the model may read."""
        return self.artefact.kinds

    def __getstate__(self) -> dict[str, Any]:
        """Without what was read from the text."""
        return {
            "artefact_text": self.artefact_text,
            "artefact_digest": self.artefact_digest,
            "as_of": self.as_of,
            "lender": self.lender,
            "positive_only": self.positive_only,
            "background": self.background,
            "told": self.told,
        }

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Score files.

        Args:
            batches: the columns of `Lake.files`, `founder` (the reference) and `loans_of`.
        """
        for batch in batches:
            if batch.num_rows:
                yield self._scored(batch)

    def _scored(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        features = self.artefact.features
        columns = {
            name: batch[name].to_numpy(zero_copy_only=False).astype(np.float64)
            for feature in features.values()
            for name in feature.columns
        }
        values = finished(columns, features.values(), self.artefact.shrinkage_constants)
        assessment = assess(self.served, values)
        evidence = weigh(
            self.artefact,
            resolved_shares(columns, features.values()),
            {kind: _contents(batch, kind) for kind in self.kinds},
            as_of=self.as_of,
        )
        founders = batch["founder"].to_pylist()
        found = zip(
            batch["first_currency"].to_pylist(), batch["last_currency"].to_pylist(), strict=True
        )
        rows = [
            {
                "founder": founder,
                "features": assessment.values_of(row),
                **self._outcome(assessment, evidence, row, currencies, borrower),
            }
            for row, (founder, currencies, borrower) in enumerate(
                zip(founders, found, self._borrowers(batch), strict=True)
            )
        ]
        return pa.RecordBatch.from_pylist(rows, schema=self.schema)

    def _outcome(
        self,
        assessment: Assessment,
        evidence: Evidence,
        row: int,
        currencies: Iterable[str | None],
        borrower: Borrower,
    ) -> dict[str, Any]:
        if other_currencies(currencies, than=self.artefact.currency):
            return {"status": Status.REFUSED.value}
        widths = evidence.widths(row).plain()
        told = {
            "evidence": widths,
            "current_arrears": _columns(borrower.current_arrears(), _ARREARS),
        }
        in_default = borrower.default()
        if in_default is not None:
            return {
                "status": Status.IN_DEFAULT.value,
                **told,
                "in_default": _columns(in_default, _DEFAULT),
            }
        if evidence.is_thin(row):
            return {
                "status": Status.INSUFFICIENT.value,
                **told,
                "missing": [_lack(entry) for entry in evidence.missing(row)],
            }
        return {"status": Status.SCORED.value, **told, **_scored(assessment, row)}

    def _borrowers(self, batch: pa.RecordBatch) -> Iterator[Borrower]:
        """The loans of each file, as far as they may be read."""
        if LOAN_STATES not in batch.schema.names:
            yield from (Borrower((), self.lender, LoansRead.NONE) for _ in range(batch.num_rows))
            return
        files = zip(batch[LOAN_STATES].to_pylist(), batch["loans_of"].to_pylist(), strict=True)
        for rows, loans_of in files:
            states = in_order(LoanState.of(row) for row in rows or ())
            read = LoansRead.OWN if loans_of else LoansRead.ALL
            yield Borrower(states, self.lender, read, self.told)


def _scored(assessment: Assessment, row: int) -> dict[str, Any]:
    groups = assessment.groups(row)
    reasons = assessment.reasons(groups)
    score = int(assessment.score[row])
    return {
        "score": score,
        "band": band_of(score),
        "log_odds": float(assessment.log_odds[row]),
        "pd": float(assessment.pd[row]),
        "pd_low": float(assessment.pd_low[row]),
        "pd_high": float(assessment.pd_high[row]),
        "points": [
            {"code": group.code, "points": group.points, "missing": group.all_missing}
            for group in groups
        ],
        "reasons_against": [reason.model_dump() for reason in reasons.against],
        "reasons_for": [reason.model_dump() for reason in reasons.in_favour],
    }


def _contents(batch: pa.RecordBatch, kind: Kind) -> list[Content]:
    columns = (
        batch[content_column(kind, name)].to_pylist()
        for name in ("records", "first_day", "last_day")
    )
    return [
        Content(
            records=records or 0,
            first_day=None if first is None else day_of(first),
            last_day=None if last is None else day_of(last),
        )
        for records, first, last in zip(*columns, strict=True)
    ]


def _columns(part: Part, struct: pa.StructType) -> dict[str, Any]:
    return {field.name: getattr(part, field.name) for field in struct}


def _lack(entry: MissingRecords) -> dict[str, Any]:
    return {
        "code": entry.code,
        "have_days": entry.have.days,
        "have_records": entry.have.records,
        "narrows_by_points": entry.narrows_by_points,
    }
