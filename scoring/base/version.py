"""Which code computed a score: the release, and a digest of what could change a figure."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path


@cache
def code_version() -> str:
    """Release and first twelve digits of a digest over the sources of `scoring`."""
    root = Path(__file__).parents[1]
    found = sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in {".py", ".toml"}):
        found.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{version('foothold')}+{found.hexdigest()[:12]}"
