"""The root command: it mounts the command groups, each loaded only when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from scoring.base.errors import FootholdError

# command: (module with a Typer app, help). Help stands here so that `--help` imports nothing.
COMMANDS = {
    "init": ("scoring.cli.store", "Create the store."),
    "founder": ("scoring.cli.parties", "Add founders."),
    "lender": ("scoring.cli.lenders", "Add lenders, and decide their policies."),
    "key": ("scoring.cli.parties", "Issue and revoke API keys, and rotate signing keys."),
    "consent": ("scoring.cli.parties", "Record founders' consents and withdrawals."),
    "import": ("scoring.cli.intake", "Import a file as people have it, or preview it."),
    "loan": ("scoring.cli.loans", "Keep a lender's loans: schedule, disburse, repay, reschedule."),
    "book": ("scoring.cli.book", "Show a lender's book: arrears, ageing, PAR, vintages."),
    "application": (
        "scoring.cli.affordability",
        "List a lender's applications, and record what it decides.",
    ),
    "affordability": ("scoring.cli.affordability", "Show what a loan would weigh each month."),
    "formats": ("scoring.cli.formats", "Show the formats that can be read, and their columns."),
    "imports": ("scoring.cli.intake", "List import receipts, and withdraw an import."),
    "people": ("scoring.cli.waiting", "Say which person of your files is which founder."),
    "quarantine": ("scoring.cli.waiting", "Rows that wait: list, resolve, dismiss."),
    "suspect": ("scoring.cli.waiting", "Doubtful records: list, confirm, reject."),
    "shop": ("scoring.cli.shops", "Record since when founders sell on a channel."),
    "programme": ("scoring.cli.shops", "Record the days on which a programme meets."),
    "records": ("scoring.cli.reviewing", "List a founder's records and their history."),
    "correct": ("scoring.cli.reviewing", "Correct one record, or retract it."),
    "dispute": ("scoring.cli.reviewing", "Open, list and decide founders' disputes."),
    "notices": ("scoring.cli.reviewing", "List notices to lenders about corrected records."),
    "pause": ("scoring.cli.interruptions", "Record a founder's pauses; why is never asked."),
    "platform-event": ("scoring.cli.interruptions", "Record days on which a channel failed."),
    "snapshot": ("scoring.cli.snapshots", "Write the records as Parquet files, or verify them."),
    "features": (
        "scoring.cli.features",
        "List the features, or a founder's values and the records behind each.",
    ),
    "score": ("scoring.cli.scores", "Score a founder, or everybody with consent."),
    "score-portfolio": (
        "scoring.cli.portfolio",
        "Score everybody with consent at once, into a file.",
    ),
    "replay": ("scoring.cli.scores", "Compute a stored score again and compare it byte by byte."),
    "models": ("scoring.cli.scores", "List models and the champion."),
    "scorecard": (
        "scoring.cli.scorecard",
        "Publish a scorecard: table, HTML, CSV, SQL, PMML, spreadsheet, picture.",
    ),
    "audit": ("scoring.cli.audit", "Verify the store and its audit chain, or print its head."),
    "backup": ("scoring.cli.backups", "Copy the store with its keys into one file, as it serves."),
    "restore": ("scoring.cli.backups", "Put a backup where no store is, and end all links."),
    "train": ("training.cli.training", "Train a candidate model and write its report."),
    "hand": ("training.cli.hand", "Show what an analyst set by hand in a model, and its effect."),
    "promote": ("training.cli.training", "Make a candidate the champion; by a second person."),
    "challengers": (
        "training.cli.challengers",
        "Train other ways of learning beside the scorecard, and explain files by them.",
    ),
    "priors": (
        "training.cli.priors",
        "Show the expert's scorecard, and which weights the score hangs on.",
    ),
    "backtest": ("training.cli.training", "Test on real public loans."),
    "sample": ("sample.cli", "Write the invented sample portfolio."),
    "serve": ("api.cli", "Serve the API and the founder's pages."),
    "founder-link": ("api.cli", "Print a one-time link to a founder's page."),
    "demo": ("foothold.demo", "Set up the sample portfolio, train, promote, score and serve."),
}


class LazyGroup(TyperGroup):
    """A group whose commands come from other modules when they are called.

    Contexts and commands are of the click that Typer carries inside, which has no public name.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """All commands, in the order of first use."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command from its module."""
        if cmd_name not in COMMANDS:
            return None
        app: typer.Typer = import_module(COMMANDS[cmd_name][0]).app
        group: Any = typer.main.get_command(app)
        return group.get_command(ctx, cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def _show_version(asked: bool) -> None:
    if asked:
        from scoring.base.version import code_version

        typer.echo(f"foothold {code_version()}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and leave."
        ),
    ] = False,
) -> None:
    """Foothold: credit scores for thin-file founders, with reasons."""


def main() -> None:
    """Run the command line; errors that a user can mend are told without a traceback."""
    try:
        app()
    except FootholdError as error:
        print(f"foothold: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        # Messages of the database quote values of records, so only its kind of trouble is told.
        if type(error).__module__.partition(".")[0] not in {"sqlalchemy", "psycopg", "sqlite3"}:
            raise
        print(
            f"foothold: The database refused ({type(error).__name__}); nothing was stored. Check "
            "FOOTHOLD_DATABASE_URL, that the server runs, and that the disk has room.",
            file=sys.stderr,
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
