"""A backup as one file: a tar of the installation's files, and at its end a list with digests.

foothold.db          the store
secret.key           the secret, unless it is set in the environment
formats.toml         the operator's own names of columns, if there are any
challengers/…        models beside the scorecard, whose digests the store knows
reports/…            validation reports
manifest.json        format, schema, the chain's head, and size and SHA-256 of each file
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from scoring.base.canonical import canonical_json
from scoring.base.errors import InputError, IntegrityError
from scoring.base.settings import SECRET_FILE
from scoring.store.head import Head, parse_head

FORMAT = "foothold.backup/1"
STORE = "foothold.db"
MANIFEST = "manifest.json"
FILES = ("formats.toml",)
FOLDERS = ("challengers", "reports")
_MEMBER = re.compile(
    rf"{re.escape(STORE)}|{re.escape(SECRET_FILE)}|{'|'.join(map(re.escape, FILES))}"
    rf"|(?:{'|'.join(FOLDERS)})/[A-Za-z0-9][A-Za-z0-9._-]{{0,199}}"
)
_LARGEST_MANIFEST = 16 << 20
_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file of a backup: its size in bytes and its SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        schema: of the store in it.
        head: of the store's chain, signed.
        members: its files by name.
    """

    schema: str
    head: Head
    members: Mapping[str, Member]

    def to_json(self) -> str:
        """Canonical JSON."""
        members = {name: asdict(member) for name, member in self.members.items()}
        told = {"format": FORMAT, "schema": self.schema, "head": self.head.to_json()}
        return canonical_json({**told, "members": members})


def write_archive(file: IO[bytes], members: Mapping[str, Path], *, schema: str, head: Head) -> None:
    """Write a backup's files and then its manifest into a stream.

    Args:
        file: to write into, from where it is.
        members: where each file lies, by its name in the backup.
        schema: of the store.
        head: of its chain.
    """
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        written = {name: _add(tar, name, path) for name, path in members.items()}
        text = Manifest(schema, head, written).to_json().encode()
        entry = _entry(MANIFEST, len(text))
        tar.addfile(entry, io.BytesIO(text))


def read_archive(file: IO[bytes], folder: Path) -> Manifest:
    """Write the files of a backup into an empty folder, and compare each with the manifest.

    Args:
        file: a backup, at its beginning.
        folder: to write into; only the installation's user may read what is written.

    Raises:
        InputError: it is no backup.
        IntegrityError: a file has a name that none can have, was changed, or is missing.
    """
    found: dict[str, Member] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(fileobj=file, mode="r|") as tar:
            for entry, content in _entries(tar):
                if manifest is not None or entry.name in found:
                    raise IntegrityError("The backup has a file twice, or after its manifest.")
                if entry.name == MANIFEST and entry.size <= _LARGEST_MANIFEST:
                    manifest = _parsed(content.read())
                elif _MEMBER.fullmatch(entry.name):
                    found[entry.name] = _extract(content, folder / entry.name)
                else:
                    raise IntegrityError(
                        f'The backup holds "{entry.name[:80]}", which no backup holds; nothing was '
                        "restored."
                    )
    except tarfile.TarError as error:
        raise InputError(f"The file is no backup, or was cut off ({error}).") from None
    if manifest is None:
        raise IntegrityError("The backup was cut off: its manifest is missing.")
    for name in sorted(found.keys() | manifest.members.keys()):
        if found.get(name) != manifest.members.get(name):
            raise IntegrityError(f"{name} in the backup is not what its manifest says.")
    return manifest


def _entries(tar: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for entry in tar:
        plain = entry.isreg() and not entry.issparse()
        content = tar.extractfile(entry) if plain else None
        if content is None:
            raise IntegrityError(f'"{entry.name[:80]}" in the backup is no plain file.')
        yield entry, content


def _add(tar: tarfile.TarFile, name: str, path: Path) -> Member:
    with path.open("rb") as content:
        size = os.fstat(content.fileno()).st_size
        reading = _Digesting(content)
        tar.addfile(_entry(name, size), reading)
    return Member(size, reading.sha.hexdigest())


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _extract(content: IO[bytes], path: Path) -> Member:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sha, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := content.read(_AT_ONCE):
            file.write(piece)
            sha.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return Member(size, sha.hexdigest())


def _parsed(text: bytes) -> Manifest:
    try:
        told: dict[str, Any] = json.loads(text)
        if told["format"] != FORMAT:
            raise ValueError
        members = {name: Member(**member) for name, member in told["members"].items()}
        return Manifest(told["schema"], parse_head(told["head"], where="The manifest"), members)
    except (ValueError, KeyError, TypeError, AttributeError, InputError):
        raise IntegrityError(
            f"The backup's manifest is not of the format {FORMAT}; nothing was restored."
        ) from None


class _Digesting:
    """A file that is read once, with the digest of what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sha = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes."""
        data = self._file.read(size)
        self.sha.update(data)
        return data
