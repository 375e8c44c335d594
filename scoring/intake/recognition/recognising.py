"""From a path to a reading: what a file really is, and which format it is in."""

from __future__ import annotations

from pathlib import Path

from scoring.base.errors import FileError
from scoring.intake.containers import Container, open_container
from scoring.intake.extract import Given, Reading
from scoring.intake.formats.declarations import FormatName, read_formats
from scoring.intake.formats.readers import read_table
from scoring.intake.formats.tables import find_table, require_table
from scoring.intake.recognition.plain_form import plain_form, read_plain, unrecognised
from scoring.records.kinds import RecordKind


def read_records(
    path: Path,
    given: Given,
    *,
    format_name: FormatName | None = None,
    kind: RecordKind | None = None,
    password: str | None = None,
    data_dir: Path | None = None,
) -> tuple[Container, Reading]:
    """A file as its format understands it; the format is found by content unless named.

    Args:
        path: the file.
        given: what was said beside it.
        format_name: the format to read it as.
        kind: the record kind, where it is in the plain form.
        password: of a workbook that has one.
        data_dir: where an operator's own names of columns are.

    Raises:
        FileError: it can't be read, or is in no known format.
        InputError: the operator's own names can't be used.
    """
    file = open_container(path, password=password)
    if not file.sheets:
        raise FileError(file.name, "is empty", remedy="Export it again: it should have a header.")
    if format_name in (None, FormatName.PLAIN) or kind is not None:
        form = plain_form(file, kind)
        if form is not None:
            return file, read_plain(file, form)
    if format_name is FormatName.PLAIN:
        raise unrecognised(file)
    formats = read_formats(data_dir)
    if format_name is not None:
        return file, read_table(require_table(file, formats, format_name), given)
    table = find_table(file, formats)
    if table is None:
        raise unrecognised(file)
    return file, read_table(table, given)
