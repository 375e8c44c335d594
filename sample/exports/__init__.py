"""Exports as shops, banks, programmes and lenders write them, of people who do not exist.

`folder.py` puts them together and `guide.py` tells what is what; each shop has a module of its
own, with `bank.py`, `attendance.py` and `ledgers.py` beside them. All are drawn from the order
lines of `lines.py`; `told.py` says what a page tells of them, which is what a store has to hold.
"""

from sample.exports.folder import write_exports
from sample.exports.written import Written

__all__ = ["Written", "write_exports"]
