"""What any file becomes once it is opened: named sheets of rows, each row cells of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

Row = tuple[int, list[str]]


@dataclass(frozen=True)
class Sheet:
    """One table of a file; a file of text has one without a name.

    Attributes:
        name: the worksheet's name; "" for CSV and Parquet.
        rows: gives a fresh iterator at each call, over the row's number as a person sees it in
            the file and its cells as stripped text. Blank rows are left out.
    """

    name: str
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True)
class Container:
    """A file that was opened, and what it turned out to be.

    Attributes:
        name: file name without folders.
        digest: SHA-256 of the file's bytes on disk, in hexadecimal.
        wrapper: "csv", "json", "xlsx", "xls", "html" or "parquet": what it is, whatever its name
            says.
        encoding: of a file of text: "utf-8", "utf-8-sig", "cp949" or "utf-16".
    """

    name: str
    digest: str
    wrapper: str
    encoding: str | None
    sheets: tuple[Sheet, ...]
