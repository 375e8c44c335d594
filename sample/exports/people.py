"""Founders as programmes and lenders know them, and the mapping that tells who is who."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from sample.exports.formula_safe import formula_safe
from sample.exports.invented import person
from sample.simulate import Portfolio

MAPPING: Final = "people.csv"

_PARTICIPANTS: Final = 12
_GOOD_PAYERS, _BAD_PAYERS = 6, 3
_FIRST: Final = 40  # of the invented people who are taken
_NAMESAKE: Final = 100  # so many further on, an invented person has the same name


@dataclass(frozen=True)
class KnownAs:
    """How the files of others name a founder."""

    founder: str
    number: str
    name: str
    phone: str

    def written_name(self, row: int, *, decomposed: bool) -> str:
        """The name as people type it, which changes from row to row.

        Args:
            row: which way of typing it.
            decomposed: whether Hangul may stand in its parts, as on a Mac; CP949 has none of them.
        """
        if row % 3 == 1 and decomposed:
            return unicodedata.normalize("NFD", self.name)
        return f"{self.name[0]} {self.name[1:]}" if row % 3 == 2 else self.name

    def written_phone(self, row: int) -> str:
        """The telephone number as people type it, which changes from row to row."""
        digits = self.phone.replace("-", "")
        return (
            self.phone,
            digits,
            digits[1:],  # as a spreadsheet shows a number
            f"+82-{self.phone[1:]}",
            self.phone.replace("-", " "),
            f"+82 (0){digits[1:]}",
        )[row % 6]


def cohort_of(portfolio: Portfolio) -> pd.DataFrame:
    """Attendance of some founders of the programme that ended last."""
    attendance = portfolio.attendance
    last = attendance.groupby("programme")["held_on"].max()
    ended = last[last < pd.Timestamp(portfolio.until)]
    cohort = attendance[attendance["programme"] == ended.idxmax()]
    taken = cohort["founder"].drop_duplicates().iloc[:_PARTICIPANTS]
    return cohort[cohort["founder"].isin(taken)].reset_index(drop=True)


def loans_of(portfolio: Portfolio) -> pd.DataFrame:
    """Some loans with a year behind them, well and badly paid."""
    old = portfolio.loans[
        portfolio.loans["disbursed_on"] < pd.Timestamp(portfolio.until) - pd.Timedelta(days=500)
    ]
    fates = old["loan"].map(portfolio.truth.set_index("loan")["fate"])
    chosen = pd.concat(
        [old[fates == "good"].head(_GOOD_PAYERS), old[fates == "bad"].head(_BAD_PAYERS)]
    )
    return chosen.drop_duplicates("founder").sort_values("loan").reset_index(drop=True)


def people_of(portfolio: Portfolio) -> dict[str, KnownAs]:
    """Everybody whom these files name, by reference; two of them are called the same."""
    founders = dict.fromkeys([*cohort_of(portfolio)["founder"], *loans_of(portfolio)["founder"]])
    known = {}
    for place, founder in enumerate(founders):
        one = person(_FIRST + place if place != 1 else _FIRST + _NAMESAKE)
        known[founder] = KnownAs(
            founder=founder,
            number=f"G26-{place + 1:03d}",
            name=one.name,
            phone=one.phone.replace("+82-", "0"),
        )
    return known


def write_mapping(folder: Path, people: Iterable[KnownAs]) -> Path:
    """Write who is who, as an operator gives it to `foothold people map`."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(["founder", "id", "name", "phone"])
    for one in people:
        cells = (one.founder, one.number, one.name, one.phone)
        writer.writerow([formula_safe(cell) for cell in cells])
    path = folder / MAPPING
    path.write_bytes(buffer.getvalue().encode("utf-8-sig"))
    return path


def day(value: object) -> date:
    """A day of the simulator's frames."""
    return pd.Timestamp(str(value)).date()


def frame(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Rows of a truth, each cell as it was meant."""
    return pd.DataFrame(rows, dtype=object)
