"""Snapshots: the records as known at a moment, as Parquet files that never change."""

from scoring.store.snapshots.manifest import Snapshot, open_snapshot, sha256_of, verify_snapshot
from scoring.store.snapshots.writing import write_snapshot

__all__ = ["Snapshot", "open_snapshot", "sha256_of", "verify_snapshot", "write_snapshot"]
