"""Long lists in short parts, since databases take only so many parameters at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Consecutive parts of a sequence, each of `size` items but the last, which may be shorter."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
