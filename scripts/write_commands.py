"""Write docs/commands.md: every command with its options, as the program itself has them."""

from __future__ import annotations

from pathlib import Path

from foothold.reference import commands_page

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"

if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")
