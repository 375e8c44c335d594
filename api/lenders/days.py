"""Days as lenders write them."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _iso_day(value: object) -> object:
    # Pydantic alone would take a number of seconds for a day as well.
    if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("should be a day as YYYY-MM-DD")
    return value


IsoDay = Annotated[date, BeforeValidator(_iso_day)]
