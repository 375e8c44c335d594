"""Operators and lenders send records: the command `foothold import`, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from api.auth import CurrentCaller
from api.idempotency_header import KEY_HEADER, REPLAYED, IdempotencyKey, mark_replayed
from api.problems import KeyRefusedError, RequestRefusedError, problem_responses
from api.records.imports import Asked, import_once, preview
from api.records.schemas import ACCEPTED, BODY, JSON, JSON_LINES, Options, ReceiptOut
from api.records.uploads import LARGEST_BODY, media_type, received_file
from scoring.base.keys import KeyPurpose
from scoring.intake import importing
from scoring.intake.learned_at import Learned
from scoring.intake.lender_rows import LENDER_KINDS, LenderRows
from scoring.parties.scopes import OperatorScope
from scoring.records.kinds import RecordKind
from scoring.store.database import Database
from scoring.store.tables import Lender

__all__ = ["LARGEST_BODY", "router"]

router = APIRouter(prefix="/v1/records", tags=["records"])

T = TypeVar("T")


@router.post(
    "/{kind}",
    status_code=201,
    response_model=ReceiptOut,
    responses={
        200: {"description": "What the import would come to (a dry run).", "model": ReceiptOut},
        201: {"description": "The import's receipt.", "headers": REPLAYED},
        **problem_responses(400, 401, 403, 409, 413, 415, 422, 503),
    },
    openapi_extra={"requestBody": BODY},
)
async def send_records(
    kind: Annotated[RecordKind, Path(description="What the records tell of.")],
    options: Annotated[Options, Query()],
    caller: CurrentCaller,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> dict[str, Any]:
    """Import records: all of them, or nothing.

    An operator sends every kind. A lender sends `loans`, `schedule`, `repayments`,
    `loan_events`, `applications` and `outcomes`: its own. New loans and applications are of
    founders who consent to it; what becomes of them is told to their end.
    """
    database: Database = request.app.state.database
    asked = _asked(database, kind, options, caller, media_type(request))
    if idempotency_key is None and not options.dry_run:
        raise RequestRefusedError(
            KEY_HEADER, "Send this header, with a text of your own that is new for the file."
        )
    async with received_file(request, name=options.filename) as path:
        if options.dry_run or idempotency_key is None:
            response.status_code = 200
            return await _in_thread(request, partial(preview, database, path, asked))
        receipt, is_replayed = await _in_thread(
            request, partial(import_once, database, path, asked, key=idempotency_key)
        )
    if is_replayed:
        mark_replayed(response)
    return receipt


async def _in_thread(request: Request, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(request.app.state.importers, work)


def _asked(
    database: Database, kind: RecordKind, options: Options, caller: CurrentCaller, sent_as: str
) -> Asked:
    """What a sender asks for, as far as it is known before anything of the body is read.

    Raises:
        HTTPException: the body says that it is what can't be read.
        KeyRefusedError: the sender may not send this kind.
        RequestRefusedError: an option is not the sender's to choose.
    """
    if sent_as not in ACCEPTED:
        raise HTTPException(415)
    is_rows = sent_as in {JSON, *JSON_LINES} and options.format is None
    request = importing.Request(
        kind=kind if is_rows else None,
        expected=kind,
        format_name=options.format,
        founder=options.founder,
        programme=options.programme,
        year=options.year,
        dates=options.dates,
        session_hours=options.session_hours,
        lender=options.lender,
        product=options.product,
        reported_through=options.reported_through,
        is_partial=options.partial,
        learned=Learned.parse(options.learned),
        source=options.source,
        again_for_another=options.again_for_another,
    )
    told = {"kind": kind.value, **options.model_dump(mode="json", exclude={"dry_run", "filename"})}
    request = replace(request, author=caller.actor)
    if isinstance(caller, OperatorScope):
        return Asked(caller, request, told)
    _require_lenders_own(caller.lender, kind, options)
    # A source of its own, so that the numbers of two lenders never meet.
    request = replace(request, lender=caller.lender.reference, source=caller.actor)
    rights = LenderRows(caller, request, database.settings.key(KeyPurpose.HASHING))
    return Asked(caller, request, told, rights.permit)


def _require_lenders_own(lender: Lender, kind: RecordKind, options: Options) -> None:
    if kind not in LENDER_KINDS:
        raise KeyRefusedError(
            f"A lender sends {', '.join(sorted(LENDER_KINDS))}; other records come from operators."
        )
    if options.source is not None:
        raise RequestRefusedError("source", "This is for operators; your records have a source.")
    if options.lender not in {None, lender.reference}:
        raise RequestRefusedError("lender", "You can send your own loans and applications alone.")
