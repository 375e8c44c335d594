"""A file on its way in: written to the disk while it arrives, and gone once it was read."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from api.problems import RequestRefusedError
from scoring.intake.containers.limits import LARGEST_FILE

FORM = "multipart/form-data"
LARGEST_BODY = LARGEST_FILE + 64 * 1024  # what a form has around its file

_FIELD = "file"
_MOST_FIELDS = 20
_NAMELESS = "records"
_LONGEST_NAME = 60  # characters, of up to four bytes each


def media_type(request: Request) -> str:
    """What a body says that it is, without parameters; some bytes where it says nothing."""
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return said or "application/octet-stream"


@asynccontextmanager
async def received_file(request: Request, *, name: str | None) -> AsyncIterator[Path]:
    """The file that a body is, or that the form in it holds, for as long as it is needed.

    The body is never held whole. Its name lasts as long as the file, for messages to its sender.

    Args:
        request: whose body is read.
        name: of the file, where the body tells none.

    Raises:
        HTTPException: the body is too large, ended early, or is no form.
        RequestRefusedError: the form holds no file, or more than one.
    """
    with TemporaryDirectory(prefix="foothold-") as folder:
        try:
            if media_type(request) == FORM:
                path = await _file_of_form(request, Path(folder), name)
            else:
                path = Path(folder) / _safe_name(name)
                await _write_body(request, path)
        except ClientDisconnect:
            raise HTTPException(400) from None
        yield path


async def _write_body(request: Request, path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > LARGEST_FILE:
                raise HTTPException(413)
            await run_in_threadpool(file.write, piece)


async def _file_of_form(request: Request, folder: Path, name: str | None) -> Path:
    async with request.form(max_files=1, max_fields=_MOST_FIELDS) as form:
        for field in form:
            if field != _FIELD:
                raise RequestRefusedError(
                    field[:64], "The form holds the file alone. Put options into the query."
                )
        upload = form.get(_FIELD)
        if not isinstance(upload, UploadFile):
            raise RequestRefusedError(_FIELD, "Send the file in this field of the form.")
        if (upload.size or 0) > LARGEST_FILE:
            raise HTTPException(413)
        path = folder / _safe_name(upload.filename or name)
        await run_in_threadpool(_copy, upload.file, path)
        return path


def _copy(source: BinaryIO, path: Path) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(source, file)


def _safe_name(name: str | None) -> str:
    """A file's name as a file can be called: without folders, short, and all of it to be seen."""
    last = PurePosixPath((name or "").replace("\\", "/")).name
    seen = "".join(c for c in unicodedata.normalize("NFC", last) if c.isprintable())
    return seen[-_LONGEST_NAME:].strip(". ") or _NAMELESS
