"""Finding the table in a file: which sheet, which row is the header, which format it is in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from scoring.base.errors import FileError
from scoring.intake.containers import Container, Sheet
from scoring.intake.formats.attendance.session_headers import FEWEST_SESSIONS, session_days
from scoring.intake.formats.declarations import Format, FormatName, normalised

HEADER_WITHIN = 50  # rows; guides and titles stand above it
# What a header says of its amounts, after its name: 상품구매금액(KRW), 정산기준금액(A), 금리(%).
UNIT = re.compile(
    r"[(\[](krw|usd|jpy|eur|cny|gbp|twd|sgd|hkd|aud|cad|nzd|vnd|thb|원|₩|연?%|[a-z])[)\]]$"
)
_SIGNATURE_WEIGHT = 10


@dataclass(frozen=True)
class Table:
    """A table in a file, its header found.

    Attributes:
        file: the container that it is in.
        sheet: the sheet that it is in.
        format: the format that its header fits.
        header_row: row number of the header's last line.
        headers: as written, one per column of the sheet.
        fields: position of each field of the format that the header names.
    """

    file: Container
    sheet: Sheet
    format: Format
    header_row: int
    headers: tuple[str, ...]
    fields: Mapping[str, int]

    @property
    def used(self) -> dict[str, str]:
        """The file's header by field."""
        return {field: self.headers[position] for field, position in self.fields.items()}

    @property
    def ignored(self) -> tuple[str, ...]:
        """Headers that name no field."""
        taken = set(self.fields.values())
        return tuple(h for place, h in enumerate(self.headers) if h and place not in taken)

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """All rows under the header with their numbers, as wide as it."""
        width = len(self.headers)
        for number, cells in self.sheet.rows():
            if number > self.header_row:
                yield number, cells if len(cells) == width else (cells + [""] * width)[:width]

    def repeats_header(self, cells: list[str]) -> bool:
        """Whether a row is the header once more, as where pages were put under each other."""
        return all(
            cell == header or normalised(cell) == normalised(header)
            for cell, header in zip(cells, self.headers, strict=True)
        )


@dataclass(frozen=True)
class Candidate:
    """A row of a sheet that may be the header of a format."""

    sheet: Sheet
    format: Format
    header_row: int
    headers: tuple[str, ...]
    fields: dict[str, int]
    fit: float


def candidates(sheet: Sheet, format_: Format) -> Iterator[Candidate]:
    """Rows among the first fifty that have all that a format needs, also over two lines."""
    head = list(islice(sheet.rows(), HEADER_WITHIN))
    for number, cells in head:
        yield from _fitting(sheet, format_, number, tuple(cells), [(cell,) for cell in cells])
    known = {alias for aliases in format_.columns.values() for alias in aliases}
    for (_, upper), (number, lower) in pairwise(head):
        width = max(len(upper), len(lower))
        over = upper + [""] * (width - len(upper))
        under = lower + [""] * (width - len(lower))
        if any(b and a != b and normalised(a) in known for a, b in zip(over, under, strict=True)):
            continue  # under a name that stands by itself is data, which may spell another name
        names = [(b, a, a + b) for a, b in zip(over, under, strict=True)]
        joined = tuple(b or a for a, b in zip(over, under, strict=True))
        yield from _fitting(sheet, format_, number, joined, names)


def find_table(
    file: Container, formats: Mapping[FormatName, Format], *, only: FormatName | None = None
) -> Table | None:
    """The table that fits a declared format best; None where none fits.

    Raises:
        FileError: two formats fit equally well.
    """
    found = [
        candidate
        for sheet in file.sheets
        for name, format_ in formats.items()
        if only in (None, name)
        for candidate in candidates(sheet, format_)
    ]
    if not found:
        return None
    best = max(candidate.fit for candidate in found)
    fitting = [candidate for candidate in found if candidate.fit == best]
    names = sorted({candidate.format.name for candidate in fitting})
    if len(names) > 1:
        raise FileError(
            file.name,
            f"can be read as {' or as '.join(names)}",
            remedy="Say which with --format.",
        )
    chosen = fitting[0]
    return Table(
        file=file,
        sheet=chosen.sheet,
        format=chosen.format,
        header_row=chosen.header_row,
        headers=chosen.headers,
        fields=chosen.fields,
    )


def require_table(file: Container, formats: Mapping[FormatName, Format], name: FormatName) -> Table:
    """The table of a file that somebody says is in a format.

    Raises:
        FileError: it lacks a column that the format needs; says which, and what was found.
    """
    table = find_table(file, formats, only=name)
    if table is not None:
        return table
    format_ = formats[name]
    found, row, headers, fields = max(
        (
            _nearness(format_, number, cells)
            for sheet in file.sheets
            for number, cells in islice(sheet.rows(), HEADER_WITHIN)
        ),
        default=(0, 0, [], set()),
        key=lambda near: near[0],
    )
    lacking = [n for n in format_.needs if not any(field in fields for field in n.split("|"))]
    missing = " and ".join(" or ".join(need.split("|")) for need in lacking)
    tried = [alias for need in lacking for f in need.split("|") for alias in format_.columns[f]]
    shown = ", ".join(header[:24] for header in headers if header) if found else "none of them"
    raise FileError(
        file.name,
        f"is not in the format {name} ({format_.title}): it has no column for {missing}; "
        f"looked for {', '.join(tried) or 'its columns'} and found {shown}",
        row=row if found else None,
        remedy="Name another format with --format, or add your header to formats.toml.",
    )


def _nearness(
    format_: Format, number: int, cells: list[str]
) -> tuple[int, int, list[str], set[str]]:
    present = {form for cell in map(normalised, cells) for form in (cell, UNIT.sub("", cell))}
    fields = {f for f, aliases in format_.columns.items() if not present.isdisjoint(aliases)}
    return len(fields), number, cells, fields


def _fitting(
    sheet: Sheet,
    format_: Format,
    number: int,
    headers: tuple[str, ...],
    names: Sequence[tuple[str, ...]],
) -> Iterator[Candidate]:
    positions: dict[str, int] = {}
    for place, options in enumerate(names):
        for option in map(normalised, options):
            positions.setdefault(option, place)
            positions.setdefault(UNIT.sub("", option), place)
    positions.pop("", None)
    fields: dict[str, int] = {}
    for field, aliases in format_.columns.items():
        for alias in aliases:
            if alias in positions:
                fields[field] = positions[alias]
                break
    for need in format_.needs:
        if not any(option in fields for option in need.split("|")):
            return
    sessions = 0
    if format_.has_session_columns:
        sessions = len(session_days(names, taken=fields.values()))
        if sessions < FEWEST_SESSIONS:
            return
    signature = len(format_.signature & positions.keys())
    fit = len(fields) + sessions + _SIGNATURE_WEIGHT * signature
    yield Candidate(sheet, format_, number, headers, fields, fit)
