"""Keys in as many statements as they need: SQLite takes 32,766 parameters to one at most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

_KEYS = 5000
Key = TypeVar("Key", int, str)


def chunks(keys: Iterable[Key]) -> Iterator[list[Key]]:
    """Each key once, in order, some thousand at a time."""
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), _KEYS):
        yield ordered[start : start + _KEYS]
