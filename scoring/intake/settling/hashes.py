"""What says who bought or marked, as hashes that no two founders share."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

import pandas as pd


def hashed_per_founder(
    key: bytes, purpose: str, founders: pd.Series, texts: pd.Series
) -> pd.Series:
    """Texts as hashes keyed per founder: one key for all would map a community.

    The series is of objects: left to guess, pandas makes NaN of None.

    Args:
        key: the installation's secret.
        purpose: what is hashed, so that a buyer and an account never meet.
        founders: reference per row.
        texts: what is hashed per row; empty gives None.
    """
    keys: dict[str, bytes] = {}
    hashes: dict[tuple[str, str], str | None] = {}
    pairs = list(zip(founders.tolist(), texts.tolist(), strict=True))
    for founder, text in set(pairs):
        own = keys.get(founder)
        if own is None:
            own = keys[founder] = hmac.digest(key, f"{purpose}:{founder}".encode(), "sha256")
        written = unicodedata.normalize("NFC", text).encode()
        hashes[founder, text] = (
            hmac.new(own, written, hashlib.sha256).hexdigest()[:32] if text else None
        )
    return pd.Series([hashes[pair] for pair in pairs], index=texts.index, dtype=object)
