"""`foothold score-portfolio`: everybody who consents to it, scored at once into one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.base.calendar import today
from scoring.base.errors import ConflictError, InputError
from scoring.base.version import code_version
from scoring.governance.registry import champion
from scoring.governance.served import served_to
from scoring.parties.consents import (
    Purpose,
    founders_with_consent,
    refusing_loans_elsewhere,
)
from scoring.parties.lenders import find_lender
from scoring.parties.references import random_reference
from scoring.portfolio.engines import Engine, Progress, scored_on_duckdb, scored_on_spark
from scoring.portfolio.model_step import ModelStep, Status
from scoring.score.arrears_told import arrears_told
from scoring.score.scoring import refuse_day, refuse_other_profile
from scoring.store.audit import append_event, append_events
from scoring.store.database import Database
from scoring.store.snapshots import Snapshot, open_snapshot, sha256_of, write_snapshot
from scoring.store.tables import Founder, Model

SCHEMA = "foothold.portfolio/1"


@dataclass(frozen=True)
class PortfolioRun:
    """What a run came to.

    Attributes:
        reference: of the run; every founder's event in the audit chain names it.
        founders: how many consented.
        scored: with a score.
        insufficient: with too thin a file.
        in_default: in default, and so without a score.
        refused: with money in another currency than the model's.
        file: where the scores lie.
        file_digest: SHA-256 of it.
        snapshot_digest: of the records that were scored.
        model: reference of the champion.
        as_of: the day of the scores.
        known_at: what was recorded by then counted.
        engine: what calculated.
    """

    reference: str
    founders: int
    scored: int
    insufficient: int
    in_default: int
    refused: int
    file: Path
    file_digest: str
    snapshot_digest: str
    model: str
    as_of: date
    known_at: datetime
    engine: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return asdict(self) | {
            "file": str(self.file),
            "as_of": self.as_of.isoformat(),
            "known_at": self.known_at.isoformat(),
        }


def score_portfolio_to_file(
    database: Database,
    out: Path,
    *,
    lender_reference: str,
    purpose: Purpose,
    engine: Engine,
    actor: str,
    as_of: date | None = None,
    snapshot: Path | None = None,
    progress: Progress | None = None,
) -> PortfolioRun:
    """Score everybody with a valid consent for this lender and purpose, and note whose was used.

    The scores are those that `score_founder` gives for the same day and knowledge. Consents, the
    lender's policy and its background are those of the moment at which the run begins. The file
    gets its name at the end, after the audit chain was told: an interruption leaves none.

    Args:
        database: the store.
        out: a Parquet file that is not there yet.
        lender_reference: who will get the scores.
        purpose: for what.
        engine: what calculates.
        actor: who acts, for the audit chain.
        as_of: the scores are as of the end of this day; the snapshot's day when None.
        snapshot: folder of the records to score; one of now, removed afterwards, when None.
        progress: called with a label, steps done and steps in all.

    Raises:
        ConflictError: there is a file at `out`.
        InputError: the day can't be, or lies after the snapshot was taken.
        NotFoundError: there is no such lender or snapshot.
        NoChampionError: no model was promoted.
        ModelError: the champion was trained for another deployment profile.
        EngineError: the engine is not installed.
    """
    _refuse_existing(out)
    with database.reading() as session:
        now = database.clock()
        lender = find_lender(session, lender_reference)
        founders = founders_with_consent(session, lender=lender, purpose=purpose, at=now)
        refusing = refusing_loans_elsewhere(session, lender=lender, purpose=purpose, at=now)
        model = champion(session)
        served = served_to(session, lender.id, model, at=now)
    refuse_other_profile(model, database.settings.deployment_profile)
    with _records(database, snapshot, actor, progress) as records, _unfinished(out) as unfinished:
        day = _day(database, records, as_of)
        own, against = served.points_against, served.reasons_against
        with database.reading() as session:
            shown = arrears_told(session, as_of=day, known_at=records.known_at)
        step = ModelStep(
            model.artefact,
            model.artefact_digest,
            day,
            lender=lender.reference,
            positive_only=served.positive_only,
            background=None if against is own else against,
            told=shown,
        )
        points = pd.DataFrame(
            {
                "founder_id": [founder.id for founder in founders],
                "founder": [founder.reference for founder in founders],
                "loans_of": [
                    lender.reference if founder.id in refusing else "" for founder in founders
                ],
            }
        ).assign(as_of=day, lender=lender.reference)
        batches = _batches(engine, database, records, points, step, out, progress)
        run = random_reference("P", 16)
        told = {
            "schema": SCHEMA,
            "run": run,
            "lender": lender.reference,
            "purpose": purpose.value,
            "as_of": day.isoformat(),
            "time_zone": database.settings.time_zone,
            "known_at": records.known_at.isoformat(),
            "snapshot": records.digest,
            "model": model.reference,
            "model_digest": model.artefact_digest,
            "positive_only": str(served.positive_only).lower(),
            "background_of_points": own.reference,
            "background_of_reasons": against.reference,
            "engine": engine.value,
            "code_version": code_version(),
        }
        counts = _write(unfinished, step, batches, told)
        result = PortfolioRun(
            reference=run,
            founders=len(founders),
            scored=counts[Status.SCORED],
            insufficient=counts[Status.INSUFFICIENT],
            in_default=counts[Status.IN_DEFAULT],
            refused=counts[Status.REFUSED],
            file=out,
            file_digest=sha256_of(unfinished),
            snapshot_digest=records.digest,
            model=model.reference,
            as_of=day,
            known_at=records.known_at,
            engine=engine.value,
        )
        _note(database, result, told, founders, model, actor)
        _refuse_existing(out)
        unfinished.rename(out)
    return result


def _batches(
    engine: Engine,
    database: Database,
    records: Snapshot,
    points: pd.DataFrame,
    step: ModelStep,
    out: Path,
    progress: Progress | None,
) -> Iterator[pa.RecordBatch]:
    zone = database.settings.zone
    if points.empty:
        return iter(())
    if engine is Engine.SPARK:
        return scored_on_spark(
            records, points, step, known_at=records.known_at, zone=zone, beside=out.parent
        )
    return scored_on_duckdb(
        records, points, step, known_at=records.known_at, zone=zone, progress=progress
    )


def _write(
    path: Path, step: ModelStep, batches: Iterator[pa.RecordBatch], told: dict[str, str]
) -> Counter[str]:
    counts: Counter[str] = Counter()
    schema = step.schema.with_metadata({f"foothold.{name}": text for name, text in told.items()})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
            counts.update(batch["status"].to_pylist())
    return counts


def _note(
    database: Database,
    run: PortfolioRun,
    told: dict[str, str],
    founders: list[Founder],
    model: Model,
    actor: str,
) -> None:
    """Tell the audit chain of the run, and of each founder whose records were used."""
    used = {
        "run": run.reference,
        "lender": told["lender"],
        "purpose": told["purpose"],
        "model": model.reference,
    }
    with database.writing() as ledger:
        append_event(
            ledger,
            actor=actor,
            action="portfolio.scored",
            details=told | {"file_digest": run.file_digest, "founders": run.founders},
        )
        append_events(
            ledger,
            actor=actor,
            action="score.portfolio",
            founder_ids=[founder.id for founder in founders],
            details=used,
        )


def _day(database: Database, records: Snapshot, as_of: date | None) -> date:
    last = today(records.known_at, database.settings.zone)
    day = as_of or last
    refuse_day(day, database.today)
    if day > last:
        raise InputError(
            f"The snapshot holds what was known on {last}; a score as of {day} would take silence "
            "since for idleness. Write a new one with `foothold snapshot DIR`."
        )
    return day


@contextmanager
def _records(
    database: Database, directory: Path | None, actor: str, progress: Progress | None
) -> Iterator[Snapshot]:
    if directory is not None:
        yield open_snapshot(directory)
        return
    database.settings.data_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".snapshot-", dir=database.settings.data_dir) as folder:
        yield write_snapshot(database, Path(folder) / "records", actor=actor, progress=progress)


@contextmanager
def _unfinished(out: Path) -> Iterator[Path]:
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
        yield Path(folder) / out.name


def _refuse_existing(out: Path) -> None:
    if out.exists():
        raise ConflictError(f"{out} is there already; scores that were given are not overwritten.")
