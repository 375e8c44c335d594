"""References: what founders, lenders and others are known by, saying nothing about them."""

from __future__ import annotations

import re
import secrets

REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def random_reference(prefix: str, length: int = 10) -> str:
    """A reference that says nothing about what it stands for, such as `F-7K3M9QXZ2B`."""
    return f"{prefix}-" + "".join(secrets.choice(_CROCKFORD) for _ in range(length))
