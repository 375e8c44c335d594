"""Results of long runs, one JSON line each, kept at once: a broken run goes on where it was."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import scoring.models

KEPT_FOLDER = Path(__file__).parents[1] / "var" / "benchmarks"

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "lightgbm", "interpret-core")


def kept_lines(path: Path) -> Iterator[dict[str, object]]:
    """What was kept; lines that an interruption cut short are passed over."""
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def keep_line(path: Path, entry: Mapping[str, object]) -> None:
    """Append one result; the folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    broken = path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if broken else "") + json.dumps(entry) + "\n")


def digest(text: str) -> str:
    """A short name of a text, another for another text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def learner_versions() -> str:
    """Versions of the libraries that learners are made of."""
    return repr([f"{name} {version(name)}" for name in _LIBRARIES])


def module_source(*modules: ModuleType) -> str:
    """The whole source of modules: a function's alone leaves out what it calls."""
    return "".join(inspect.getsource(module) for module in modules)


def scorecard_source() -> str:
    """All source that the scorecard's figures depend on: how it is learned, served and declared."""
    folder = Path(next(iter(scoring.models.__path__)))
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))]
    return "".join(texts) + (folder / "priors.toml").read_text(encoding="utf-8")
