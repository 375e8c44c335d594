"""Which amounts past due are material, and when a default begins and ends."""

from __future__ import annotations

MATERIAL_PERCENT = 1  # of the instalment
MATERIALITY_FLOORS = {"KRW": 10_000}
DEFAULT_DAYS = 90
CLEAN_DAYS = 90
CLEAN_DUES = 3
SILENT_DAYS = 180
