"""Accounts that marked attendance, hashed before a row is kept anywhere."""

from __future__ import annotations

import hashlib
import hmac

import pandas as pd


def with_hashed_accounts(cells: pd.DataFrame, *, secret: bytes) -> pd.DataFrame:
    """Cells of attendance whose `marked_by` is a keyed hash; empty where nobody is named."""
    hashes = {
        account: hmac.new(secret, f"account:{account}".encode(), hashlib.sha256).hexdigest()
        for account in cells["marked_by"].unique()
        if account
    }
    return cells.assign(marked_by=cells["marked_by"].map({"": ""} | hashes).astype("str"))
