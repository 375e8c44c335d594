"""What stands no more is said in one place, so that no mark is set without its reason."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARKS = {"superseded_learned_at", "superseded_recorded_at"}


def _writes(source: str) -> bool:
    """Whether code sets a mark in a statement, or makes a row that says what superseded what."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        if any(keyword.arg in MARKS for keyword in node.keywords):
            return True
        if any(isinstance(arg, ast.Name) and arg.id == "Supersession" for arg in node.args) and (
            isinstance(node.func, ast.Name) and node.func.id == "insert"
        ):
            return True
        if isinstance(node.func, ast.Name) and node.func.id == "Supersession":
            return True
    return False


def test_only_one_file_supersedes() -> None:
    writing = [
        str(path.relative_to(ROOT))
        for room in ("scoring", "training", "api")
        for path in (ROOT / room).rglob("*.py")
        if _writes(path.read_text(encoding="utf-8"))
    ]
    assert writing == ["scoring/store/supersede.py"]
