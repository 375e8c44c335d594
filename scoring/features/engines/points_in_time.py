"""Points in time as rows: a founder at the end of a day, with what was known at an instant."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from scoring.base.calendar import day_number, end_of, microseconds
from scoring.features.kinds.seasons import year_before_day
from scoring.features.known import POINTS_SCHEMA

ARROW = {"int64": pa.int64(), "float64": pa.float64(), "string": pa.string()}


def point_in_time(
    founder_id: int,
    *,
    as_of: date,
    known_at: datetime,
    zone: ZoneInfo,
    lender: str,
    loans_of: str = "",
) -> dict[str, int | str]:
    """One row of the table of points, numbered 0."""
    return {
        "point": 0,
        "founder_id": founder_id,
        "as_of_day": day_number(as_of),
        "as_of_end": microseconds(end_of(as_of, zone)),
        "known_at": microseconds(known_at),
        "asking_lender": lender,
        "loans_of_lender": loans_of,
        "year_before_day": year_before_day(as_of),
    }


def points_table(points: pd.DataFrame, *, known_at: datetime, zone: ZoneInfo) -> pa.Table:
    """The table of points, numbered by their position.

    Args:
        points: columns `founder_id` and `as_of` (a date); `lender`, whose applications count, and
            `loans_of`, whose loans are read, where there are such columns; else any lender's.
        known_at: only what was recorded by then counts.
        zone: the installation's time zone.
    """
    days, which = np.unique(points["as_of"].to_numpy(dtype=object), return_inverse=True)
    ends = np.array([microseconds(end_of(day, zone)) for day in days], dtype=np.int64)
    numbers = np.array([day_number(day) for day in days], dtype=np.int64)
    count = len(points)
    columns = {
        "point": np.arange(count),
        "founder_id": points["founder_id"].to_numpy(dtype=np.int64),
        "as_of_day": numbers[which],
        "as_of_end": ends[which],
        "known_at": np.full(count, microseconds(known_at)),
        "asking_lender": list(points["lender"]) if "lender" in points else [""] * count,
        "loans_of_lender": list(points["loans_of"]) if "loans_of" in points else [""] * count,
        "year_before_day": np.array([year_before_day(day) for day in days], dtype=np.int64)[which],
    }
    schema = pa.schema([(name, ARROW[kind]) for name, kind in POINTS_SCHEMA.items()])
    return pa.table(columns, schema=schema)
