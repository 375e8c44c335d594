"""How much of a file is read at most, so that no file can exhaust the machine."""

from __future__ import annotations

MEBIBYTE = 1024 * 1024

LARGEST_FILE = 512 * MEBIBYTE
LARGEST_HTML = 64 * MEBIBYTE
LARGEST_OLD_WORKBOOK = 256 * MEBIBYTE

# A workbook is a zip archive: small on disk, and any size when it is unpacked.
LARGEST_UNPACKED = 1024 * MEBIBYTE
LARGEST_UNPACKED_RATIO = 200
RATIO_COUNTS_FROM = 10 * MEBIBYTE
MOST_MEMBERS = 10_000

MOST_SHEETS = 50
MOST_SHEET_ROWS = 1_048_576
MOST_SHEET_COLUMNS = 512
# A sheet is held in memory as a full rectangle, whose far corner a single stray cell can set.
MOST_SHEET_CELLS = 20_000_000
# Equal texts are stored once in a workbook, and once per cell in memory.
MOST_SHEET_TEXT = 1024 * MEBIBYTE

MOST_STREAMED_ROWS = 5_000_000
LONGEST_CELL = 10_000
LONGEST_STREAMED_ROW = MOST_SHEET_COLUMNS * LONGEST_CELL

# Excel uses 100,000 rounds; a file may ask for any number, and each takes time.
MOST_PASSWORD_ROUNDS = 1_000_000

# Beyond these rows a merged cell belongs to the data, not to a header.
HEADER_ROWS = 50
