"""`foothold affordability` and `foothold application`: what a loan would weigh, and decisions."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scoring.base.money import money_text
from scoring.cli.console import open_database, print_json, print_table
from scoring.cli.loan_terms import minor, number
from scoring.cli.options import AsJson
from scoring.lending.affordability import Asked
from scoring.lending.applications import applications_of
from scoring.lending.decisions import (
    Decision,
    DeclineReason,
    Offer,
    Outcome,
    decide,
    decision_view,
    latest_decision,
)
from scoring.lending.what_if import ask_what_if
from scoring.parties.lenders import find_lender

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
application_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(application_app, name="application")

LenderArgument = Annotated[str, typer.Argument(metavar="LENDER", help="Reference of the lender.")]


@app.command("affordability")
def affordability(
    lender: LenderArgument,
    founder: Annotated[str, typer.Argument(metavar="FOUNDER", help="Reference of the founder.")],
    principal: Annotated[str, typer.Option(help="Asked for, such as 5000000.")],
    months: Annotated[int, typer.Option(min=1, max=600, help="The term.")],
    annual_rate: Annotated[str, typer.Option(help="Nominal rate per year; 0.12 is 12 %.")],
    declared_costs: Annotated[
        str | None, typer.Option(help="Of the business per month, where no account is on file.")
    ] = None,
    most: Annotated[str, typer.Option(help="Greatest share of the surplus.")] = "0.4",
    longest_months: Annotated[int, typer.Option(min=1, max=600, help="The longest term.")] = 60,
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "KRW",
    as_json: AsJson = False,
) -> None:
    """Show what a loan would weigh, for a lender that the founder consents to.

    It leaves no application; the founder sees who asked.
    """
    asked = Asked(
        principal=minor(principal, currency),
        months=months,
        annual_rate=number(annual_rate),
        declared_costs=None if declared_costs is None else minor(declared_costs, currency),
        most=number(most),
        longest_months=longest_months,
    )
    database = open_database()
    with database.writing() as ledger:
        found = ask_what_if(
            ledger,
            database.settings,
            find_lender(ledger.session, lender),
            founder,
            asked,
            actor="operator",
        )
    if as_json:
        print_json(found)
        return
    _show(found, currency)


@application_app.callback()
def applications() -> None:
    """What is asked of a lender, and what it decides."""


@application_app.command("list")
def application_list(lender: LenderArgument, as_json: AsJson = False) -> None:
    """List a lender's applications with the decision that rules, the latest first."""
    with open_database().reading() as session:
        rows = []
        for row in applications_of(session, find_lender(session, lender)):
            decision = latest_decision(session, row)
            rows.append(
                {
                    "application": row.reference,
                    "applied_on": row.event_date.isoformat(),
                    "principal": row.principal,
                    "months": row.months,
                    "instalment": row.instalment,
                    "currency": row.currency,
                    "decision": "" if decision is None else decision.outcome,
                }
            )
    if as_json:
        print_json({"applications": rows})
    else:
        print_table(rows, leave_out=set())


@application_app.command("decide")
def application_decide(
    lender: LenderArgument,
    application: Annotated[str, typer.Argument(metavar="APPLICATION", help="Its reference.")],
    outcome: Annotated[Outcome, typer.Argument(metavar="OUTCOME", help="What was decided.")],
    by: Annotated[str, typer.Option("--by", help="Name of who decided.")],
    score: Annotated[str | None, typer.Option(help="Reference of the score that was used.")] = None,
    reason: Annotated[
        list[DeclineReason] | None, typer.Option("--reason", help="Of a decline, up to four.")
    ] = None,
    override_reason: Annotated[
        str | None, typer.Option(help="Why it goes against the policy, where it does.")
    ] = None,
    principal: Annotated[str | None, typer.Option(help="Of a counter-offer.")] = None,
    months: Annotated[int | None, typer.Option(help="Of a counter-offer.")] = None,
    instalment: Annotated[str | None, typer.Option(help="Of a counter-offer.")] = None,
    currency: Annotated[str, typer.Option(help="Of the counter-offer, ISO 4217 code.")] = "KRW",
    as_json: AsJson = False,
) -> None:
    """Record what a person decided on an application; a score alone never declines."""
    offer = None
    if principal is not None and months is not None and instalment is not None:
        offer = Offer(minor(principal, currency), months, minor(instalment, currency))
    decision = Decision(outcome, by, score, tuple(reason or ()), offer, override_reason)
    with open_database().writing() as ledger:
        row = decide(ledger, find_lender(ledger.session, lender), application, decision, actor=by)
        view = decision_view(ledger.session, row)
    if as_json:
        print_json(view)
    else:
        told = "; the founder's page says why" if outcome is Outcome.DECLINE else ""
        typer.echo(f"Decision {view['id']} on {application}: {outcome.value}{told}.")


def _show(found: dict[str, Any], currency: str) -> None:
    def shown(amount: int | None) -> str:
        return "unknown" if amount is None else money_text(amount, currency)

    def burden(entry: dict[str, Any]) -> str:
        share = entry["debt_service_to_surplus"]
        of = "" if share is None else f", {share:.0%} of {shown(entry['surplus'])} left a month"
        return f"{entry['colour'] or 'unknown'}{of}"

    typer.echo(f"Instalment: {shown(found['instalment'])} a month.")
    typer.echo(
        f"Instalments of {found['loans_counted']} running loans: "
        f"{shown(found['existing_instalments'])} (loans read: {found['loans_read']})."
    )
    basis = {
        "account": "the account's lines",
        "declared_costs": "net sales less the costs declared",
        "sales_alone": "net sales alone: without an account or declared costs nobody knows what "
        "is left",
    }
    typer.echo(f"Seen: {basis[found['basis']]}.")
    share = found["instalments_to_net_sales"]
    typer.echo(f"Instalments over net sales: {'unknown' if share is None else f'{share:.0%}'}.")
    typer.echo(f"Worst three months: {burden(found['worst_three_months'])}.")
    typer.echo(f"Sales down 30 %: {burden(found['stress']['sales_down_30_percent'])}.")
    lost = found["stress"]["largest_channel_lost_60_days"]
    typer.echo(f"Largest channel lost for 60 days: {burden(lost)}.")
    typer.echo(f"Greatest principal over this term: {shown(found['greatest_principal'])}.")
    shortest = found["shortest_months"]
    typer.echo(f"Shortest term: {'none' if shortest is None else f'{shortest} months'}.")
