"""An invented portfolio to try everything on: founders, their records and loans, from one seed.

`process.py` says, with its formulas, which loans go bad; `people.py` who is in the portfolio;
`sales.py` and `orders.py`, `attendance.py`, `lending.py` and `repayments.py`, and `accounts.py`
make the records; `behaviour.py` measures them; `portfolio.py` and `files.py` hand them out.
"""

from sample.simulate.files import SampleManifest, write_sample_portfolio
from sample.simulate.portfolio import Portfolio, simulate_portfolio
from sample.simulate.process import PROCESS_THRESHOLDS, PROCESS_WEIGHTS

__all__ = [
    "PROCESS_THRESHOLDS",
    "PROCESS_WEIGHTS",
    "Portfolio",
    "SampleManifest",
    "simulate_portfolio",
    "write_sample_portfolio",
]
