"""Applicants as a portfolio's file of scores has them, to take a cut-off's background from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.errors import ConflictError, FileError
from scoring.parties.consents import Purpose
from scoring.portfolio.model_step import Status
from scoring.score.cut_off import Applicants
from scoring.store.snapshots import sha256_of
from scoring.store.tables import AuditEvent, Lender, Model

_REMEDY = "Give a file just as `foothold score-portfolio --purpose loan_application` wrote it."


def applicants_in_file(session: Session, path: Path, lender: Lender, model: Model) -> Applicants:
    """Those whom a run scored, with the values that the model saw of each.

    The audit chain says what a file is, whatever it says of itself.

    Raises:
        FileError: there is no such file, or no run of this store wrote it.
        ConflictError: it was written for another lender, purpose or model.
    """
    if not path.is_file():
        raise FileError(path.name, "there is no such file", remedy=_REMEDY)
    run = _run_that_wrote(session, sha256_of(path))
    if run is None:
        raise FileError(
            path.name, "no run of this store wrote it, or it was changed since", remedy=_REMEDY
        )
    wanted = {
        "lender": lender.reference,
        "purpose": Purpose.LOAN_APPLICATION.value,
        "model": model.reference,
    }
    other = [
        f"{name} {run[name]}, not {value}" for name, value in wanted.items() if run[name] != value
    ]
    if other:
        raise ConflictError(f"{path.name} was written for {'; '.join(other)}. {_REMEDY}")
    scored = pq.read_table(
        path, columns=["founder", "features"], filters=[("status", "=", Status.SCORED.value)]
    ).to_pylist()
    return Applicants(
        {row["founder"]: row["features"] for row in scored}, f"portfolio:{run['run']}"
    )


def _run_that_wrote(session: Session, file_digest: str) -> dict[str, Any] | None:
    noted = select(AuditEvent.details).where(AuditEvent.action == "portfolio.scored")
    for details in session.scalars(noted):
        run: dict[str, Any] = json.loads(details)
        if run["file_digest"] == file_digest:
            return run
    return None
