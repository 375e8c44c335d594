"""Why an import superseded records: what it took back is found again by it."""

from __future__ import annotations

IMPORT_REASON = "import %: the source now says otherwise"
"""What `superseding_reason` gives for any import, as a pattern of SQL."""


def superseding_reason(import_id: int) -> str:
    """Why an import superseded a record."""
    return f"import {import_id}: the source now says otherwise"
