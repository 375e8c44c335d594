"""Keys in as many statements as they need: SQLite takes 32,766 parameters to one at most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from scoring.base.chunks import chunks

KEYS_AT_ONCE = 5000
Key = TypeVar("Key", int, str)


def key_chunks(keys: Iterable[Key]) -> Iterator[Sequence[Key]]:
    """Each key once, in ascending order, so many at a time as fit into a statement."""
    return chunks(sorted(set(keys)), KEYS_AT_ONCE)
