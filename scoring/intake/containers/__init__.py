"""Files as they come, opened into sheets of text cells; nothing here knows a kind of record."""

from scoring.intake.containers.opening import open_container
from scoring.intake.containers.sheets import Container, Sheet

__all__ = ["Container", "Sheet", "open_container"]
