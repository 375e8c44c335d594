"""A stream under a passphrase: scrypt for the key, AES-256-GCM piece by piece.

Each piece is sealed with its number and whether it is the last (the STREAM construction), so that
none can be changed, moved, left out or cut off unnoticed. Memory is one piece, however long it is.
"""

from __future__ import annotations

import io
import os
import struct
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from scoring.base.errors import InputError

MAGIC = b"foothold.encrypted/1\n"
_SALT, _PREFIX, _TAG = 16, 7, 16
_PIECE = 1 << 16
_COST = 1 << 17  # 128 MiB and some tenths of a second, as OWASP has it for scrypt
_PIECES = 1 << 32


class EncryptedWriter(io.RawIOBase):
    """Encrypts what is written into a file; `close` writes the last piece.

    Args:
        file: to write into; it is left open.
        passphrase: of any length; who chooses it answers for its strength.
    """

    def __init__(self, file: IO[bytes], passphrase: bytes) -> None:
        salt, self._prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        self._header = MAGIC + salt + self._prefix
        self._file, self._cipher = file, AESGCM(_key(passphrase, salt))
        self._number, self._waiting = 0, bytearray()
        file.write(self._header)

    def writable(self) -> bool:
        """True."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take in bytes; whole pieces go out at once."""
        self._waiting += data
        while len(self._waiting) > _PIECE:  # the last piece is told apart, so one always waits
            self._put(bytes(self._waiting[:_PIECE]), is_last=False)
            del self._waiting[:_PIECE]
        return len(data)

    def close(self) -> None:
        """Write the last piece, once."""
        if not self.closed:
            self._put(bytes(self._waiting), is_last=True)
        super().close()

    def _put(self, plain: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, is_last=is_last)
        self._file.write(self._cipher.encrypt(nonce, plain, self._header))
        self._number += 1


class DecryptedReader(io.RawIOBase):
    """Reads what `EncryptedWriter` wrote; nothing is given out that was not checked.

    Args:
        file: at its beginning; it is left open.
        passphrase: that it was written with.

    Raises:
        InputError: the passphrase is another one, or the file was changed or cut off.
    """

    def __init__(self, file: IO[bytes], passphrase: bytes) -> None:
        self._header = file.read(len(MAGIC) + _SALT + _PREFIX)
        salt, self._prefix = self._header[len(MAGIC) : -_PREFIX], self._header[-_PREFIX:]
        if not self._header.startswith(MAGIC) or len(salt) != _SALT:
            raise InputError("The file is not one that was encrypted here.")
        self._file, self._cipher = file, AESGCM(_key(passphrase, salt))
        self._number, self._plain, self._ended = 0, b"", False
        self._ahead = file.read(_PIECE + _TAG)
        self._next()

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, or all there are; fewer at the end only."""
        found = bytearray()
        while size < 0 or len(found) < size:
            if not self._plain:
                if self._ended:
                    break
                self._next()
                continue
            wanted = len(self._plain) if size < 0 else size - len(found)
            found += self._plain[:wanted]
            self._plain = self._plain[wanted:]
        return bytes(found)

    def _next(self) -> None:
        sealed, self._ahead = self._ahead, self._file.read(_PIECE + _TAG)
        nonce = _nonce(self._prefix, self._number, is_last=not self._ahead)
        try:
            self._plain = self._cipher.decrypt(nonce, sealed, self._header)
        except InvalidTag:
            raise InputError(
                "The passphrase is not the one that the file was encrypted with, or the file was "
                "changed since."
                if self._number == 0
                else "The encrypted file was changed or cut off."
            ) from None
        self._number, self._ended = self._number + 1, not self._ahead


def _key(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase)


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    if number >= _PIECES:
        raise InputError("What is to be encrypted is longer than 256 TiB.")
    return prefix + struct.pack(">I?", number, is_last)
