"""Cells that a spreadsheet would take for formulas."""

from __future__ import annotations

import pytest

from sample.exports.formula_safe import formula_safe


@pytest.mark.parametrize(
    "cell", ["=1+1", "+82-10", "-지어낸", "@x", "\t=1", "\r=1", " =1", "＝1", "-1+1", "-1,2a"]
)
def test_a_cell_that_would_be_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert formula_safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-1", "-12,300", "-12300.50", "1=1", "가-나", "", "'=1", "(1)"])
def test_numbers_and_other_text_stay_as_they_are(cell: str) -> None:
    assert formula_safe(cell) == cell
