"""Snapshots: the records as known at a moment, as Parquet files that never change."""

from scoring.records.snapshots.manifest import Snapshot, open_snapshot, sha256_of, verify_snapshot
from scoring.records.snapshots.writing import write_snapshot

__all__ = ["Snapshot", "open_snapshot", "sha256_of", "verify_snapshot", "write_snapshot"]
