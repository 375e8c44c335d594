"""Options that several commands take, each with one meaning."""

from __future__ import annotations

from typing import Annotated

import typer

from scoring.parties.consents import Purpose

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object to stdout.")]
Author = Annotated[str, typer.Option("--by", help="Who does this, for the audit chain.")]
LenderOption = Annotated[str | None, typer.Option("--lender", help="Reference of the lender.")]
PurposeOption = Annotated[Purpose, typer.Option("--purpose", help="What the consent is for.")]
