"""The headers of a request that may come again: `Idempotency-Key`, and that it did."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Response

from scoring.parties.idempotency import KEY_FORM

KEY_HEADER = "Idempotency-Key"
_REPLAYED_HEADER = "Idempotency-Replayed"

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias=KEY_HEADER,
        pattern=KEY_FORM,
        description="Any text of the sender's own, new for each request. The same key and request "
        "give the same answer again, and nothing is done twice; the same key with another request "
        "is refused.",
    ),
]
REPLAYED: dict[str, Any] = {
    _REPLAYED_HEADER: {
        "description": "`true` where the request came with its key before and is answered as then.",
        "schema": {"type": "string"},
    }
}


def mark_replayed(response: Response) -> None:
    """Tell that an answer was given before."""
    response.headers[_REPLAYED_HEADER] = "true"
