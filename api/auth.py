"""Lenders' keys: everything under /v1 is refused without one, before it is even read."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import unauthorised
from scoring.records.database import Database
from scoring.records.parties import lender_with_key
from scoring.records.tables import Lender

PROTECTED = "/v1"

# Describes the scheme in /openapi.json; the middleware has done the work by then.
_bearer = HTTPBearer(
    scheme_name="lender key",
    description="A lender's API key, from `foothold key issue`.",
    auto_error=False,
)


class Authentication:
    """ASGI middleware: who asks is known before the request is routed, parsed or validated.

    Unknown paths and malformed bodies so tell nothing to somebody without a key.
    """

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app, self.database = app, database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through with its lender, or answer 401."""
        if scope["type"] != "http" or not _is_protected(scope["path"]):
            await self.app(scope, receive, send)
            return
        key = _key_in(Headers(scope=scope))
        lender = await run_in_threadpool(self._lender, key) if key else None
        if lender is None:
            await unauthorised()(scope, receive, send)
            return
        scope.setdefault("state", {})["lender"] = lender
        await self.app(scope, receive, send)

    def _lender(self, key: str) -> Lender | None:
        with self.database.reading() as session:
            return lender_with_key(session, key)


def _current_lender(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Lender:
    lender: Lender = request.state.lender
    return lender


CurrentLender = Annotated[Lender, Depends(_current_lender)]


def _is_protected(path: str) -> bool:
    return path == PROTECTED or path.startswith(f"{PROTECTED}/")


def _key_in(headers: Headers) -> str | None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None
