"""Days and instants: the end of a day in the installation's zone, and both as integers for SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1)
_EPOCH_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def day_number(day: date) -> int:
    """Days since 1970-01-01; what SQL calculates with on every engine."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """Inverse of `day_number`."""
    return EPOCH + timedelta(days=number)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """First instant of a day in the zone, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """First instant after a day in the zone, in UTC; what was learned before it counts."""
    return start_of(day + timedelta(days=1), zone)


def today(now: datetime, zone: ZoneInfo) -> date:
    """The day that `now` falls on in the zone."""
    return now.astimezone(zone).date()


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, exact.

    Raises:
        ValueError: the instant has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (instant - _EPOCH_INSTANT) // _MICROSECOND


def instant_of(number: int) -> datetime:
    """Inverse of `microseconds`, in UTC."""
    return _EPOCH_INSTANT + number * _MICROSECOND
