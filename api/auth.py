"""API keys: everything under /v1 is refused without one, before it is even read."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import KeyRefusedError, unauthorised
from scoring.parties.keys import scope_of_key
from scoring.parties.scopes import LenderScope, Sender
from scoring.store.database import Database

PROTECTED = "/v1"

# Describes the scheme in /openapi.json; the middleware has done the work by then.
_bearer = HTTPBearer(
    scheme_name="ApiKey",
    description="A key from `foothold key issue`, of a lender or of an operator. Scores and "
    "notices are for lenders alone; both send records.",
    auto_error=False,
)


class Authentication:
    """ASGI middleware: who asks is known before the request is routed, parsed or validated.

    Unknown paths and malformed bodies so tell nothing to somebody without a key.
    """

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app, self.database = app, database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through with whoever asks, or answer 401."""
        if scope["type"] != "http" or not _is_protected(scope["path"]):
            await self.app(scope, receive, send)
            return
        key = _key_in(Headers(scope=scope))
        caller = await run_in_threadpool(self._caller, key) if key else None
        if caller is None:
            await unauthorised()(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self.app(scope, receive, send)

    def _caller(self, key: str) -> Sender | None:
        with self.database.reading() as session:
            return scope_of_key(session, key)


def _current_caller(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Sender:
    caller: Sender = request.state.caller
    return caller


CurrentCaller = Annotated[Sender, Depends(_current_caller)]


def _current_lender(caller: CurrentCaller) -> LenderScope:
    if not isinstance(caller, LenderScope):
        raise KeyRefusedError("This is for lenders. The key that you sent is an operator's.")
    return caller


CurrentLender = Annotated[LenderScope, Depends(_current_lender)]


def _is_protected(path: str) -> bool:
    return path == PROTECTED or path.startswith(f"{PROTECTED}/")


def _key_in(headers: Headers) -> str | None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None
