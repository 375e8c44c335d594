"""The shell of old workbooks (.xls) and of those with a password: a compound file, MS-CFB."""

from __future__ import annotations

import io

import olefile  # type: ignore[import-untyped]

from scoring.intake.containers.limits import LARGEST_OLD_WORKBOOK, MEBIBYTE
from scoring.intake.containers.refusing import has_macros, no_known_format, too_large


def is_locked_in_a_shell(name: str, content: bytes) -> bool:
    """Whether a compound file holds a newer workbook that is encrypted, and no old workbook.

    Raises:
        FileError: it holds neither, or an old workbook that has macros or is too large.
        OSError: it is damaged.
    """
    with olefile.OleFileIO(io.BytesIO(content)) as shell:
        if shell.exists("EncryptionInfo"):
            return True
        stream = next(filter(shell.exists, ("Workbook", "Book")), None)
        if stream is None:
            raise no_known_format(name)
        if any("VBA" in part.upper() for path in shell.listdir(storages=True) for part in path):
            raise has_macros(name)
        if shell.get_size(stream) > LARGEST_OLD_WORKBOOK:
            raise too_large(name, f"is larger than {LARGEST_OLD_WORKBOOK // MEBIBYTE} MiB")
    return False
