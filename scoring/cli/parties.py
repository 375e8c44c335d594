"""Commands on founders, API keys and consents."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scoring.base.calendar import end_of
from scoring.base.errors import InputError
from scoring.base.keys import KeyPurpose
from scoring.cli.console import open_database, print_json
from scoring.cli.options import AsJson, Author, LenderOption, PurposeOption
from scoring.parties.consents import grant_consent, withdraw_consent
from scoring.parties.founders import add_founders, find_founder
from scoring.parties.keys import issue_key, issue_operator_key, revoke_key
from scoring.parties.lenders import find_lender
from scoring.parties.persons import require_name
from scoring.parties.references import random_reference
from scoring.store.head_rotation import rotate_head
from scoring.store.keys import rotate_key

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
founder_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
key_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
consent_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(founder_app, name="founder")
app.add_typer(key_app, name="key")
app.add_typer(consent_app, name="consent")


@founder_app.command("add")
def founder_add(
    references: Annotated[
        list[str] | None, typer.Argument(help="References; a random one when left out.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help='CSV with a column "founder".')
    ] = None,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Add founders by pseudonymous reference; never a name or a number of a person."""
    wanted = list(references or [])
    if file is not None:
        wanted += _references_in(file)
    wanted = wanted or [random_reference("F")]
    with open_database().writing() as ledger:
        founders = [f.reference for f in add_founders(ledger, wanted, actor=by)]
    if as_json:
        print_json({"founders": founders})
    else:
        typer.echo("\n".join(founders))


@key_app.command("issue")
def key_issue(
    lender: Annotated[
        str | None, typer.Argument(help="Lender that asks for scores, by reference.")
    ] = None,
    operator: Annotated[
        str | None,
        typer.Option(help="Name of an operator that sends records, instead of a lender."),
    ] = None,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Issue an API key to a lender, or to an operator that sends records; it is shown once."""
    if (lender is None) == (operator is None):
        raise InputError("A key is of a lender or of an operator: give LENDER or --operator NAME.")
    with open_database().writing() as ledger:
        if operator is not None:
            key = issue_operator_key(ledger, operator, actor=by)
        else:
            key = issue_key(ledger, find_lender(ledger.session, str(lender)), actor=by)
    if as_json:
        whose = {"lender": lender} if operator is None else {"operator": operator}
        print_json({**whose, "key": key})
    else:
        typer.echo(key)


@key_app.command("revoke")
def key_revoke(key: str, by: Author = "operator", as_json: AsJson = False) -> None:
    """Revoke an API key of a lender or an operator, given whole or by its identifier."""
    with open_database().writing() as ledger:
        revoke_key(ledger, key, actor=by)
    if as_json:
        print_json({"revoked": True})
    else:
        typer.echo("The key was revoked.")


@key_app.command("rotate")
def key_rotate(
    purpose: Annotated[
        KeyPurpose, typer.Argument(help="links (ends all links and open pages) or head.")
    ],
    by: Annotated[str, typer.Option(help="Who does this, for the audit chain.")],
    as_json: AsJson = False,
) -> None:
    """Go on with another key for signing links, or for signing the head of the audit chain."""
    database = open_database()
    require_name(by)
    if purpose is KeyPurpose.HEAD:
        generation = rotate_head(database, by=by)
    else:
        with database.writing() as ledger:
            generation = rotate_key(ledger, purpose, by=by)
    if as_json:
        print_json({"purpose": purpose.value, "generation": generation})
    else:
        ended = "All links and open pages ended." if purpose is KeyPurpose.LINKS else ""
        typer.echo(f"The key for {purpose} is now generation {generation}. {ended}".rstrip())


class Addable(StrEnum):
    """What a founder may give beyond a consent; nobody is asked for it unless they want to."""

    FACTS = "facts"


class Refusable(StrEnum):
    """What a founder may refuse of a consent and give the rest."""

    LOANS_ELSEWHERE = "loans-elsewhere"


@consent_app.command("grant")
def consent_grant(
    founder: str,
    purpose: PurposeOption,
    lender: LenderOption = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day; a year when left out.")
    ] = None,
    without: Annotated[
        list[Refusable] | None,
        typer.Option(help="What the founder refuses of it, such as loans-elsewhere."),
    ] = None,
    with_: Annotated[
        list[Addable] | None,
        typer.Option(
            "--with", help="What the founder gives beyond it: facts, the values behind reasons."
        ),
    ] = None,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Record that a founder consents to a purpose (and lender)."""
    database = open_database()
    with database.writing() as ledger:
        consent = grant_consent(
            ledger,
            find_founder(ledger.session, founder),
            lender=find_lender(ledger.session, lender) if lender else None,
            purpose=purpose,
            expires_at=end_of(until.date(), database.settings.zone) if until else None,
            reads_loans_elsewhere=Refusable.LOANS_ELSEWHERE not in (without or ()),
            shows_facts=Addable.FACTS in (with_ or ()),
            actor=by,
        )
        result = {
            "consent": consent.id,
            "founder": founder,
            "lender": lender,
            "purpose": purpose.value,
            "expires_at": consent.expires_at.isoformat(),
            "reads_loans_elsewhere": consent.reads_loans_elsewhere,
            "shows_facts": consent.shows_facts,
        }
    if as_json:
        print_json(result)
    else:
        typer.echo(f"Consent {consent.id} stands until {consent.expires_at:%Y-%m-%d}.")


@consent_app.command("withdraw")
def consent_withdraw(
    founder: str,
    purpose: PurposeOption,
    lender: LenderOption = None,
    by: Author = "founder",
    as_json: AsJson = False,
) -> None:
    """Withdraw a founder's consent; the next query is refused."""
    with open_database().writing() as ledger:
        count = withdraw_consent(
            ledger,
            find_founder(ledger.session, founder),
            lender=find_lender(ledger.session, lender) if lender else None,
            purpose=purpose,
            actor=by,
        )
    if as_json:
        print_json({"withdrawn": count})
    else:
        typer.echo(
            f"Withdrawn: {count}. No score is given and no new loan reported from now on. What "
            "becomes of loans on file is still told to their end: that rests on the contract, and "
            "silence would look like arrears."
        )


def _references_in(file: Path) -> list[str]:
    from scoring.intake.listed import read_list

    return read_list(file, required=("founder",))["founder"].tolist()
