"""The tour's page shows what its commands print today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.write_tour import HEAD, sections

PAGE = Path(__file__).parents[1] / "docs" / "tour.md"


def _shape(text: str) -> str:
    """What stays the same from day to day: words, without numbers, references and digests."""
    text = re.sub(r"\b([MSFB])-[0-9A-Za-z]+", r"\1-…", text)
    text = re.sub(r"fh_\S+", "fh_…", text)
    text = re.sub(r"[-+]?[0-9][0-9:.,T+Z%-]*", "0", text)
    return re.sub(r"[ ─━]+", " ", text)


@pytest.mark.slow
def test_the_tour_prints_what_its_page_shows() -> None:
    assert _shape("\n".join([HEAD, *sections()])) == _shape(PAGE.read_text(encoding="utf-8"))
