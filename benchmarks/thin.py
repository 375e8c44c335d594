"""Thin files: how far a score can be trusted, by how much of a founder's records is unknown.

    .venv/bin/python -m benchmarks.thin

Borrowers of the invented sample are cut back to short or single histories as of the day before
their first loan, imported anew, and scored by cards fitted to the loans of others. By history, and
by share of what complete records would tell that is unknown: rank correlation with the true PD
with its bootstrap error (founders are drawn, for one gives many files), mean distance of log-odds
and of PD from those of the same founder's full records, mean distance of PD from the true one, and
the share of files that the rule finds too thin. Of files with nothing but the loan asked for and
with attendance alone everything is unknown; they are not in the second table.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from sqlalchemy import select

from benchmarks.figures import RESULTS
from sample.simulate import SampleManifest, write_sample_portfolio
from scoring.base.calendar import day_of
from scoring.base.settings import Settings
from scoring.features import features_for
from scoring.features.catalogue import Kind
from scoring.features.engines.finishing import finished, resolved_shares
from scoring.features.engines.lake import Lake
from scoring.features.engines.one_founder import Content
from scoring.features.engines.statements import content_column
from scoring.intake.importing import import_file
from scoring.intake.learned_at import Learned
from scoring.models.artefact import Artefact
from scoring.models.evidence import UNRESOLVED_ALLOWED
from scoring.parties.consents import Purpose, grant_consent
from scoring.parties.parties import add_founders, add_lender
from scoring.score.evidence import weigh
from scoring.store.database import Database, last_recorded
from scoring.store.tables import Founder
from training.data.dataset import TrainingSet, build_training_set
from training.fit.fit import Fit, expert_scorecard, fit_scorecard
from training.measures.figures import SEED
from training.measures.folds import grouped_folds

UNTIL = date(2026, 6, 30)
EVERYTHING = 10_000  # days
_DRAWS = 100
HISTORIES: dict[str, tuple[int, int, bool]] = {
    # days of sales, days of the account, attendance
    "nothing": (0, 0, False),
    "attendance alone": (0, 0, True),
    "sales of 7 days": (7, 0, False),
    "sales of 14 days": (14, 0, False),
    "sales of 30 days": (30, 0, False),
    "sales of 60 days": (60, 0, False),
    "sales of 90 days": (90, 0, False),
    "sales of 180 days": (180, 0, False),
    "all sales": (EVERYTHING, 0, False),
    "account of 30 days": (0, 30, False),
    "account of 90 days": (0, 90, False),
    "all of the account": (0, EVERYTHING, False),
    "all": (EVERYTHING, EVERYTHING, True),
}
_EDGES = (0.0, 0.5, 0.6, 0.7, 0.75, 0.8, 0.825, 0.85, 0.875, 0.9, 0.925, 0.95, 0.975, 1.001)


def prepare(folder: Path) -> None:
    """Make the store in a folder that is there only when all of it is."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as temporary:
        making = Path(temporary) / "making"
        _import_sample(making)
        making.rename(folder)


def _import_sample(folder: Path) -> None:
    """The sample and its borrowers' clones with cut-back histories, imported into one store."""
    database = Database(Settings(data_dir=folder / "store"))
    database.migrate()
    sample = write_sample_portfolio(folder / "sample", until=UNTIL)
    people = pd.read_csv(sample.founders)["founder"].tolist()
    first = _first_loans(sample)
    clones = [f"{who}-{place:02d}" for who in first["founder"] for place in range(len(HISTORIES))]
    with database.writing() as ledger:
        add_lender(ledger, "L-DEMO", name="Sample lender", actor="benchmark")
        for founder in add_founders(ledger, people, actor="benchmark"):
            grant_consent(
                ledger, founder, lender=None, purpose=Purpose.MODEL_TRAINING, actor="benchmark"
            )
        add_founders(ledger, clones, actor="benchmark")
    originals = [
        sample.attendance, *sample.sales.values(), sample.applications, sample.loans,
        sample.schedule, sample.repayments, sample.cash_flow,
    ]  # fmt: skip
    for path in [*originals, *_cut_back(sample, first, folder)]:
        import_file(database, path, learned=Learned(1))
    database.engine.dispose()


def _first_loans(sample: SampleManifest) -> pd.DataFrame:
    loans = pd.read_csv(sample.loans, parse_dates=["disbursed_on"])
    loans = loans.sort_values("disbursed_on").drop_duplicates("founder")
    truth = pd.read_csv(sample.true_pd)[["loan", "true_pd"]]
    loans = loans.merge(truth, on="loan")
    loans["as_of"] = loans["disbursed_on"] - pd.Timedelta(days=1)
    return loans[["founder", "as_of", "true_pd"]].reset_index(drop=True)


def _cut_back(sample: SampleManifest, first: pd.DataFrame, folder: Path) -> Iterator[Path]:
    """Files of the clones' records: the last days before the loan, of the kinds they keep."""
    parts = {
        **{path.stem: (path, "ordered_on", 0) for path in sample.sales.values()},
        "cash_flow": (sample.cash_flow, "booked_on", 1),
        "attendance": (sample.attendance, "held_on", 2),
        "applications": (sample.applications, "applied_on", None),
    }
    (folder / "cut").mkdir()
    for name, (path, day, keeps) in parts.items():
        rows = pd.read_csv(path, dtype=str).merge(first[["founder", "as_of"]], on="founder")
        age = (rows["as_of"] - pd.to_datetime(rows[day])).dt.days
        kept = []
        for place, history in enumerate(HISTORIES.values()):
            days = (
                EVERYTHING
                if keeps is None
                else int(history[keeps]) * (EVERYTHING if keeps == 2 else 1)
            )
            own = rows[(age >= 0) & (age < days)].copy()
            own["founder"] += f"-{place:02d}"
            if name == "applications":
                own["application"] += f"-{place:02d}"
            kept.append(own)
        written = folder / "cut" / f"{name}.csv"
        pd.concat(kept).drop(columns="as_of").to_csv(written, index=False)
        yield written


def judged(database: Database, first: pd.DataFrame, *, expert: bool) -> pd.DataFrame:
    """One row per clone: log-odds by a card of other founders' loans, and what is unresolved."""
    with database.reading() as session:
        moment = last_recorded(session)
        assert moment is not None
        zone = database.settings.zone
        profile = database.settings.deployment_profile
        data = build_training_set(session, known_at=moment, zone=zone, profile=profile)
        ids = {f.reference: f.id for f in session.scalars(select(Founder))}
        points = pd.DataFrame(
            {
                "founder": [
                    f"{who}-{p:02d}" for who in first["founder"] for p in range(len(HISTORIES))
                ],
                "who": np.repeat(first["founder"].to_numpy(), len(HISTORIES)),
                "history": list(HISTORIES) * len(first),
                "as_of": np.repeat(first["as_of"].dt.date.to_numpy(), len(HISTORIES)),
                "true_pd": np.repeat(first["true_pd"].to_numpy(), len(HISTORIES)),
            }
        )
        points["founder_id"] = points["founder"].map(ids)
        lake = Lake(session, {i: r for r, i in ids.items()})
        files = lake.files(points[["founder_id", "as_of"]], known_at=moment, zone=zone)
    features = features_for(profile)
    columns = {
        name: files[name].to_numpy().astype(float)
        for feature in features.values() for name in feature.columns
    }  # fmt: skip
    values = pd.DataFrame(finished(columns, features.values(), data.constants))
    resolved = resolved_shares(columns, features.values())
    points[["log_odds", "unresolved"]] = np.nan
    for train, test in grouped_folds(data.y, data.rows["founder_id"].to_numpy(), seed=SEED):
        held = points["who"].isin(set(data.rows["founder"].iloc[test])).to_numpy()
        artefact = _artefact(data, train, expert=expert)
        points.loc[held, "log_odds"] = artefact.scorecard.decision_function(
            values.loc[held, list(artefact.feature_names)]
        )
        places = np.flatnonzero(held)
        for place in places:
            contents = {kind: [_content(files, kind, int(place))] for kind in Kind}
            evidence = weigh(
                artefact,
                {name: share[[place]] for name, share in resolved.items()},
                contents,
                as_of=points["as_of"].iloc[place],
            )
            points.loc[place, "unresolved"] = evidence.unresolved_share(0)
    return points[points["log_odds"].notna()].reset_index(drop=True)


def _artefact(data: TrainingSet, train: np.ndarray, *, expert: bool) -> Artefact:
    X, y = data.X.iloc[train], data.y[train]
    fit: Fit = (
        expert_scorecard(X, currency=data.currency)
        if expert
        else fit_scorecard(X, y, currency=data.currency)
    )
    return Artefact.of(
        fit.scorecard,
        currency=data.currency,
        deployment_profile=data.profile,
        shrinkage_constants=data.constants,
        population=X,
    )


def _content(files: object, kind: Kind, place: int) -> Content:
    records, first, last = (
        files[content_column(kind, name)][place].as_py()  # type: ignore[index]
        for name in ("records", "first_day", "last_day")
    )
    return Content(
        records or 0,
        None if first is None else day_of(first),
        None if last is None else day_of(last),
    )


def _figures(part: pd.DataFrame) -> dict[str, float]:
    apart = part["log_odds"] - part["full"]
    pd_now = 1 / (1 + np.exp(-part["log_odds"]))
    pd_full = 1 / (1 + np.exp(-part["full"]))
    return {
        "files": len(part),
        "unknown": part["unresolved"].mean(),
        "rank correlation": _rank(part),
        "± error": _rank_error(part),
        "log-odds apart": apart.abs().mean(),
        "PD apart": (pd_now - pd_full).abs().mean(),
        "PD from truth": (pd_now - part["true_pd"]).abs().mean(),
        "too thin": (part["unresolved"] > UNRESOLVED_ALLOWED).mean(),
    }


def _rank(part: pd.DataFrame) -> float:
    return float(part["log_odds"].corr(part["true_pd"], method="spearman"))


def _rank_error(part: pd.DataFrame) -> float:
    """Bootstrap error; a founder's files hang together, so founders are drawn and not files."""
    files = list(part.groupby("who").indices.values())
    rng = np.random.default_rng(SEED)
    draws = rng.integers(len(files), size=(_DRAWS, len(files)))
    drawn = (np.concatenate([files[founder] for founder in draw]) for draw in draws)
    return float(np.nanstd([_rank(part.iloc[rows]) for rows in drawn]))


def as_markdown(points: pd.DataFrame) -> list[str]:
    """Two tables: by history, and by share unresolved."""
    full = points[points["history"] == "all"].set_index("who")["log_odds"]
    points = points.assign(full=points["who"].map(full))
    by_history = {name: _figures(part) for name, part in points.groupby("history", sort=False)}
    some = points[~points["history"].isin(["nothing", "attendance alone"])]
    band = pd.cut(some["unresolved"], _EDGES, right=False)
    by_share = {str(name): _figures(part) for name, part in some.groupby(band, observed=True)}
    lines = []
    for head, table in (("history", by_history), ("share unknown", by_share)):
        names = list(next(iter(table.values())))
        lines += [f"| {head} | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        lines += [
            f"| {name} | {row['files']:.0f} | "
            + " | ".join(f"{row[each]:.3f}" for each in names[1:]) + " |"
            for name, row in table.items()
        ]  # fmt: skip
        lines.append("")
    return lines


def main() -> None:
    """Run and write `results/thin.md`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, help="Keep the store here, and take it from here.")
    asked = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = (asked.folder or Path(temporary)) / "prepared"
        if not folder.exists():
            prepare(folder)
        database = Database(Settings(data_dir=folder / "store"))
        sample = write_sample_portfolio(folder / "sample", until=UNTIL)
        first = _first_loans(sample)
        lines = ["# Thin files", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
        for label, expert in (("Fitted card", False), ("The expert's card", True)):
            points = judged(database, first, expert=expert)
            lines += [f"## {label}", "", *as_markdown(points)]
        print("\n".join(lines))
        (RESULTS / "thin.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
