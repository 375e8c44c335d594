"""What a snapshot says of itself: its moment, its files, and one digest over all of it.

DIR/manifest.json                            canonical JSON
DIR/manifest.sha256                          the snapshot's digest: SHA-256 of manifest.json
DIR/order_lines/bucket=03/records.parquet    founders whose id leaves 3 when divided by `buckets`
DIR/platform_events/records.parquet          what holds for everybody
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from scoring.base.canonical import canonical_json, digest
from scoring.base.errors import InputError, IntegrityError, NotFoundError
from scoring.store.lake_columns import LAKE_TABLES, record_columns

FORMAT = "foothold.snapshot/1"
MANIFEST = "manifest.json"
DIGEST = "manifest.sha256"
_READ_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class SnapshotFile:
    """One Parquet file.

    Attributes:
        path: within the snapshot's folder, with slashes.
        bucket: of the founders in it; None where the rows hold for everybody.
        rows: how many.
        size: bytes.
        sha256: of its bytes, 64 hexadecimal digits.
    """

    path: str
    bucket: int | None
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Snapshot:
    """An immutable lake of records, opened.

    Attributes:
        directory: where it lies.
        known_at: it holds what was recorded by then, and nothing of what became of it later.
        buckets: into how many parts each record kind is divided, by founder.
        columns: name and type (int64, float64, string) of each table's columns.
        files: of each table.
        digest: of the manifest; it names the snapshot.
    """

    directory: Path
    known_at: datetime
    buckets: int
    columns: Mapping[str, Mapping[str, str]]
    files: Mapping[str, tuple[SnapshotFile, ...]]
    digest: str

    @property
    def rows(self) -> dict[str, int]:
        """How many records each table holds."""
        return {table: sum(file.rows for file in files) for table, files in self.files.items()}

    def paths(self, table: str) -> list[str]:
        """Files with a table's rows."""
        return [str(self.directory / file.path) for file in self.files[table]]

    def part(self, bucket: int) -> Snapshot:
        """The records of one bucket of founders, and what holds for everybody."""
        files = {
            table: tuple(file for file in found if file.bucket in (None, bucket))
            for table, found in self.files.items()
        }
        return replace(self, files=files)

    def require_moment(self, known_at: datetime) -> None:
        """Refuse a question about what was recorded after the snapshot was taken.

        Raises:
            InputError: it can't answer that.
        """
        if known_at > self.known_at:
            raise InputError(
                f"The snapshot holds what was known at {self.known_at.isoformat()}; it can't tell "
                f"what was known at {known_at.isoformat()}. Write a new one with "
                "`foothold snapshot DIR`."
            )


def manifest_text(
    known_at: datetime,
    buckets: int,
    columns: Mapping[str, Mapping[str, str]],
    files: Mapping[str, list[SnapshotFile]],
) -> str:
    """The manifest; equal records known at an equal moment give equal bytes."""
    return canonical_json(
        {
            "format": FORMAT,
            "known_at": known_at.isoformat(),
            "buckets": buckets,
            "tables": {
                table: {
                    "columns": dict(columns[table]),
                    "rows": sum(file.rows for file in found),
                    "files": [vars(file) for file in found],
                }
                for table, found in files.items()
            },
        }
    )


def open_snapshot(directory: Path) -> Snapshot:
    """Open a snapshot after checking its manifest against its digest, and that no file is amiss.

    Sizes are compared here; `verify_snapshot` reads every byte.

    Raises:
        NotFoundError: there is none.
        IntegrityError: the manifest is not what was written, or a file is missing or cut short.
        InputError: this version reads other formats or other columns.
    """
    try:
        text = (directory / MANIFEST).read_text(encoding="utf-8")
        expected = (directory / DIGEST).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotFoundError(
            f"{directory} is no snapshot: it has no {MANIFEST} and {DIGEST} that can be read. "
            "`foothold snapshot DIR` makes one."
        ) from error
    if digest(text) != expected:
        raise IntegrityError(f"The manifest of {directory} does not match its digest.")
    snapshot = _read(directory, text, expected)
    for file in _all_files(snapshot):
        path = directory / file.path
        if not path.is_file() or path.stat().st_size != file.size:
            raise IntegrityError(f"{path} is missing or has another size than the manifest says.")
    return snapshot


def verify_snapshot(
    directory: Path, progress: Callable[[str, int, int], None] | None = None
) -> Snapshot:
    """Open a snapshot and compare every file's bytes with its SHA-256.

    Raises:
        NotFoundError, IntegrityError, InputError: as `open_snapshot`; IntegrityError as well where
            a file was changed.
    """
    snapshot = open_snapshot(directory)
    files = _all_files(snapshot)
    for number, file in enumerate(files, start=1):
        if sha256_of(directory / file.path) != file.sha256:
            raise IntegrityError(f"{directory / file.path} was changed after it was written.")
        if progress is not None:
            progress("verifying", number, len(files))
    return snapshot


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in parts."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_READ_AT_ONCE):
            found.update(part)
    return found.hexdigest()


def _read(directory: Path, text: str, found: str) -> Snapshot:
    data: dict[str, Any] = json.loads(text)
    if data.get("format") != FORMAT:
        raise InputError(f"{directory} has the format {data.get('format')!r}, not {FORMAT!r}.")
    tables: dict[str, dict[str, Any]] = data["tables"]
    columns = {name: table["columns"] for name, table in tables.items()}
    if columns != {table.__tablename__: record_columns(table) for table in LAKE_TABLES}:
        raise InputError(
            f"{directory} was written by a version with other records than this one's. "
            "Write a new snapshot with `foothold snapshot DIR`."
        )
    return Snapshot(
        directory=directory,
        known_at=datetime.fromisoformat(data["known_at"]),
        buckets=data["buckets"],
        columns=columns,
        files={
            name: tuple(SnapshotFile(**file) for file in table["files"])
            for name, table in tables.items()
        },
        digest=found,
    )


def _all_files(snapshot: Snapshot) -> list[SnapshotFile]:
    return [file for files in snapshot.files.values() for file in files]
