"""Keys by purpose, each derived from the installation's one secret (HKDF, RFC 5869).

A key says nothing of the secret or of another key, so one that leaks opens one thing. Keys of
links and of the head have generations: a rotation goes on to the next, and the secret stays.
The hashing key has none: with another one, people and buyers of earlier imports would not be
recognised in later ones.
"""

from __future__ import annotations

from enum import StrEnum


class KeyPurpose(StrEnum):
    """What a key is for."""

    LINKS = "links"
    SESSIONS = "sessions"
    HEAD = "head"
    HASHING = "hashing"
    CHECK = "check"


def derive_key(secret: bytes, purpose: KeyPurpose, generation: int = 0) -> bytes:
    """The key of 32 bytes for one purpose; the same secret gives the same key.

    Args:
        secret: the installation's.
        purpose: what the key is for.
        generation: 0 until it was rotated, then one more each time.
    """
    # Here, since most commands derive no key.
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    information = f"foothold/{purpose}/{generation}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=information).derive(secret)
