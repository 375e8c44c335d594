"""A workbook's zip archive: what kind it is, and what its directory claims, before it is read."""

from __future__ import annotations

import io
from zipfile import BadZipFile, ZipFile, ZipInfo

from scoring.base.errors import FileError
from scoring.intake.containers.limits import (
    LARGEST_UNPACKED_RATIO,
    MEBIBYTE,
    MOST_MEMBERS,
    RATIO_COUNTS_FROM,
)
from scoring.intake.containers.refusing import SAVE_AGAIN, has_macros, too_large


def is_archive(content: bytes) -> bool:
    """Whether bytes start as a zip archive does."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))


def require_plain_workbook(name: str, content: bytes, *, unpacked: int) -> None:
    """Refuse an archive that is no plain workbook, or that claims to unpack to more than is read.

    Args:
        name: of the file.
        content: its bytes.
        unpacked: bytes that its parts may claim together.

    Raises:
        FileError: it is another kind of archive, has macros, or is too large.
        BadZipFile: it is damaged, or a part holds something else than the directory claims.
    """
    with ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        _require_workbook(name, members)
        _require_sizes(name, members, unpacked)
        # Sizes in the directory are claims: reading each part to its checksum, kept nowhere,
        # finds those that are not true.
        if archive.testzip() is not None:
            raise BadZipFile("a part is larger than it claims, or was changed")


def _require_workbook(name: str, members: list[ZipInfo]) -> None:
    paths = [member.filename.replace("\\", "/").lower() for member in members]
    if "xl/workbook.bin" in paths:
        raise FileError(name, "is a binary workbook (.xlsb)", remedy=SAVE_AGAIN)
    if "mimetype" in paths and "content.xml" in paths:
        raise FileError(name, "is an OpenDocument file (.ods)", remedy=SAVE_AGAIN)
    if "xl/workbook.xml" not in paths:
        raise FileError(
            name,
            "is an archive (zip), and no workbook",
            remedy="Unpack it and import the files in it one by one.",
        )
    if any("vbaproject" in path or "macrosheets/" in path for path in paths):
        raise has_macros(name)
    if len(set(paths)) < len(paths):
        raise BadZipFile("a part stands in it twice")


def _require_sizes(name: str, members: list[ZipInfo], unpacked: int) -> None:
    if len(members) > MOST_MEMBERS:
        raise too_large(name, f"has more than {MOST_MEMBERS:,} parts")
    if sum(member.file_size for member in members) > unpacked:
        raise too_large(name, f"unpacks to more than {unpacked // MEBIBYTE:,} MiB")
    for member in members:
        size, packed = member.file_size, member.compress_size
        if size > RATIO_COUNTS_FROM and size > packed * LARGEST_UNPACKED_RATIO:
            raise FileError(
                name,
                f"unpacks to more than {LARGEST_UNPACKED_RATIO} times its size, as no export does",
                remedy="Export it again, or save it as CSV UTF-8 and import that.",
            )
