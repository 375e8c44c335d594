"""A page and what it tells, before it becomes one file or several."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from sample.exports.pages import Page
from scoring.intake.formats.declarations import FormatName
from scoring.records.kinds import RecordKind


@dataclass(frozen=True)
class Draft:
    """What will be written, in whichever encoding and container.

    Attributes:
        name: of the file, without its ending.
        page: what stands in it.
        format_name: the format that it is in.
        founder: reference of the one whose shop or account it is of.
        truth: what it tells, in the columns of the plain form.
        expected: figures of its receipt.
        about: one line for people.
        kind: of the records in `truth`.
        follows: name of the draft that has to be imported before, for these figures to hold.
    """

    name: str
    page: Page
    format_name: FormatName
    founder: str
    truth: pd.DataFrame
    expected: dict[str, int]
    about: str
    kind: RecordKind = RecordKind.SALES
    follows: str | None = field(default=None)
