"""Checked batches, kept until they are stored: each cell is read and checked once.

A file is checked before its import takes the writer's place, so that nobody waits for a file that
is refused. Between the two its rows are kept in memory while they are few, and then in a file
without a name, which is gone when the process ends, however it ends.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

import pyarrow as pa

from scoring.intake.batch import Batch
from scoring.intake.extract import Extract

_IN_MEMORY = 8 * 1024 * 1024  # bytes
_INDEX = "__row__"  # no column is called so


class KeptBatches:
    """Batches in the order in which they came; any number of times, one in memory at a time."""

    def __init__(self) -> None:
        self.rows = 0
        self._places: list[tuple[int, str, Extract]] = []
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    def add(self, batch: Batch) -> None:
        """Keep a batch that nothing but the check was done to."""
        start = self._file.seek(0, 2)
        cells = batch.checked.rename_axis(_INDEX).reset_index()
        table = pa.Table.from_pandas(cells, preserve_index=False)
        with pa.ipc.new_stream(self._file, table.schema) as stream:
            stream.write_table(table)
        self._places.append((start, batch.file, batch.extract))
        self.rows += len(cells)

    def __iter__(self) -> Iterator[Batch]:
        for start, file, extract in self._places:
            self._file.seek(start)
            with pa.ipc.open_stream(self._file) as stream:
                cells = stream.read_pandas().set_index(_INDEX).rename_axis(None)
            yield Batch.of(file, extract, cells)
