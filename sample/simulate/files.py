"""Writing the invented portfolio as plain CSV files, with the truth in a folder of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pandas as pd

from sample.simulate.portfolio import Portfolio, Progress, simulate_portfolio

_README: Final = """\
An invented portfolio for trying Foothold out.

Nobody in these files exists. Founders, shops, buyers, programmes, the lender and every amount were
drawn at random by `sample.simulate`; the references carry no meaning. Nothing learned from these
files says anything about real people, and no model fitted on them may decide about one.

Last day    {until}
Seed        {seed}
Founders    {founders}

The files have the plain column names, one file per kind of record: founders, attendance, sales (one
file per channel), applications, loans, schedule, repayments and, for about a third of the founders,
cash flow. Money is in KRW.

truth/true_pd.csv holds the probability with which each loan was made to go bad, the founder's
hidden trait and what was drawn. It is there to judge a model afterwards: never import it, never
train on it. How it comes about is told in the module `sample.simulate.process`.
"""


@dataclass(frozen=True)
class SampleManifest:
    """What was written: paths and numbers of rows, both by kind of record.

    `sales` gives the files by channel; `counts["sales"]` is their sum.
    """

    directory: Path
    seed: int
    until: date
    founders: Path
    attendance: Path
    sales: Mapping[str, Path]
    applications: Path
    loans: Path
    schedule: Path
    repayments: Path
    cash_flow: Path
    true_pd: Path
    readme: Path
    counts: Mapping[str, int]


def write_sample_portfolio(
    directory: Path,
    *,
    seed: int = 7,
    until: date,
    founders: int = 600,
    progress: Progress | None = None,
) -> SampleManifest:
    """Simulate a portfolio and write it below `directory`, which is made if it is missing.

    The same seed, `until` and number of founders give the same bytes. Files of the same names are
    replaced. `ValueError` if `founders` is below 20.
    """
    portfolio = simulate_portfolio(seed=seed, until=until, founders=founders, progress=progress)
    frames = _frames_by_path(portfolio)
    for done, (name, frame) in enumerate(frames.items()):
        if progress is not None:
            progress("files", done, len(frames))
        _write(frame, directory / name)
    readme = directory / "README.txt"
    readme.write_text(
        _README.format(until=until.isoformat(), seed=seed, founders=founders),
        encoding="utf-8",
        newline="\n",
    )
    if progress is not None:
        progress("files", len(frames), len(frames))
    return _manifest(portfolio, directory, seed)


def _frames_by_path(portfolio: Portfolio) -> dict[str, pd.DataFrame]:
    return {
        "founders.csv": portfolio.founders,
        "attendance.csv": portfolio.attendance,
        **{f"sales/{channel}.csv": frame for channel, frame in portfolio.sales.items()},
        "applications.csv": portfolio.applications,
        "loans.csv": portfolio.loans,
        "schedule.csv": portfolio.schedule,
        "repayments.csv": portfolio.repayments,
        "cash_flow.csv": portfolio.cash_flow,
        "truth/true_pd.csv": portfolio.truth,
    }


def _write(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = frame.assign(
        **{
            name: frame[name].dt.strftime("%Y-%m-%d")
            for name in frame.select_dtypes("datetime").columns
        }
    )
    plain.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _manifest(portfolio: Portfolio, directory: Path, seed: int) -> SampleManifest:
    counts = {
        "founders": len(portfolio.founders),
        "attendance": len(portfolio.attendance),
        "sales": sum(len(frame) for frame in portfolio.sales.values()),
        "applications": len(portfolio.applications),
        "loans": len(portfolio.loans),
        "schedule": len(portfolio.schedule),
        "repayments": len(portfolio.repayments),
        "cash_flow": len(portfolio.cash_flow),
    }
    return SampleManifest(
        directory=directory,
        seed=seed,
        until=portfolio.until,
        founders=directory / "founders.csv",
        attendance=directory / "attendance.csv",
        sales=MappingProxyType(
            {channel: directory / "sales" / f"{channel}.csv" for channel in portfolio.sales}
        ),
        applications=directory / "applications.csv",
        loans=directory / "loans.csv",
        schedule=directory / "schedule.csv",
        repayments=directory / "repayments.csv",
        cash_flow=directory / "cash_flow.csv",
        true_pd=directory / "truth" / "true_pd.csv",
        readme=directory / "README.txt",
        counts=MappingProxyType(counts),
    )
