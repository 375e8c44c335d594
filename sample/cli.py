"""The command that writes the invented sample portfolio and its files in every format.

Results go to stdout, as one JSON object with `--json`; progress goes to stderr.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Write an invented portfolio.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def _root() -> None:
    """Keep `sample` a command of its own name, though it is the only one here."""


@app.command()
def sample(
    directory: Annotated[
        Path | None, typer.Argument(help="Where the files of the portfolio go, in plain columns.")
    ] = None,
    exports: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where exports as shops, banks and programmes write them go, with a README.txt.",
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day of the records; yesterday if left out."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides everything but the days.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Write an invented portfolio of some 600 founders, or some founders' files as shops send them.

    The portfolio has plain columns; with --exports, files of the same founders are written in
    every format that can be imported, in several encodings and containers.
    """
    from scoring.base.errors import InputError
    from scoring.cli.console import print_json

    if directory is None and exports is None:
        raise InputError("Say where the files go: foothold sample DIRECTORY, or --exports DIR.")
    shown: dict[str, Any] = {"seed": seed}
    said = []
    if directory is not None:
        last_day = until.date() if until else _yesterday()
        portfolio, sentence = _write_portfolio(directory, seed=seed, until=last_day)
        shown |= portfolio
        said.append(sentence)
    if exports is not None:
        shown["exports"], sentence = _write_exports(exports, seed=seed)
        said.append(sentence)
    if as_json:
        print_json(shown)
    else:
        typer.echo("\n".join([*said, "Everybody in these files is invented."]))


def _write_portfolio(directory: Path, *, seed: int, until: date) -> tuple[dict[str, Any], str]:
    from sample.simulate import write_sample_portfolio
    from scoring.cli.console import progress_bar

    with progress_bar() as progress:
        written = write_sample_portfolio(directory, seed=seed, until=until, progress=progress)
    shown = {
        "directory": str(written.directory),
        "until": written.until.isoformat(),
        "rows": dict(written.counts),
    }
    counts = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in written.counts.items())
    return shown, f"Wrote {written.directory}: {counts}."


def _write_exports(folder: Path, *, seed: int) -> tuple[dict[str, Any], str]:
    from sample.exports import write_exports

    folder.mkdir(parents=True, exist_ok=True)
    written = write_exports(folder, seed)
    formats = dict.fromkeys(one.format_name.value for one in written)
    shown = {
        "directory": str(folder),
        "files": [
            {
                "file": str(one.path.relative_to(folder)),
                "format": one.format_name.value,
                "founder": one.founder,
            }
            for one in written
        ],
    }
    return shown, (
        f"Wrote {folder}: {len(written)} files in {len(formats)} formats. "
        "README.txt there says what each is and how to import it."
    )


def _yesterday() -> date:
    from scoring.base.calendar import today
    from scoring.base.settings import Settings

    return today(datetime.now(UTC), Settings().zone) - timedelta(days=1)
