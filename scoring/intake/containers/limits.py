"""How much of a file is read at most, so that no file can exhaust the machine."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024

LARGEST_FILE = 512 * MEBIBYTE
LARGEST_HTML = 64 * MEBIBYTE
LARGEST_OLD_WORKBOOK = 256 * MEBIBYTE

# What a file that is packed, a workbook or Parquet, may claim to be when it is unpacked.
LARGEST_UNPACKED = 1024 * MEBIBYTE
LARGEST_UNPACKED_RATIO = 200
RATIO_COUNTS_FROM = 10 * MEBIBYTE
MOST_MEMBERS = 10_000

MOST_SHEETS = 50
MOST_SHEET_ROWS = 1_048_576
MOST_SHEET_COLUMNS = 512
# A sheet is held in memory as a full rectangle, whose far corner a single stray cell can set.
MOST_SHEET_CELLS = 20_000_000
MOST_STREAMED_ROWS = 5_000_000
LONGEST_CELL = 10_000
LONGEST_STREAMED_ROW = MOST_SHEET_COLUMNS * LONGEST_CELL

# Excel uses 100,000 rounds; a file may ask for any number, and each takes time.
MOST_PASSWORD_ROUNDS = 1_000_000

# Beyond these rows a merged cell belongs to the data, not to a header.
HEADER_ROWS = 50


@dataclass(frozen=True)
class WorkbookLimits:
    """What the process that reads one workbook may use, and hand over.

    Attributes:
        memory: bytes of its address space. The largest sheet, of 20 million cells, takes 2.5 GiB.
        processor_seconds: of work. That sheet takes about 60.
        seconds: until it is given up, however little of them it could work.
        unpacked: bytes that the parts of a workbook may claim together.
        sheets: how many.
        text: bytes of all cells. Equal texts are stored once in a workbook, and once per cell here.
    """

    memory: int = 4096 * MEBIBYTE
    processor_seconds: int = 180
    seconds: int = 900
    unpacked: int = LARGEST_UNPACKED
    sheets: int = MOST_SHEETS
    text: int = 1024 * MEBIBYTE


WORKBOOK_LIMITS = WorkbookLimits()
