"""Every request: an id, one line in the log, safe headers, and no error told in full.

The log holds the route's template, never the URL (a link's token is in it), a founder's
reference or a body; of an unexpected error it holds the kind and the place, not the message,
since a database driver writes the values of a statement into it.
"""

from __future__ import annotations

import logging
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Mapping

import structlog
from fastapi import HTTPException
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = structlog.get_logger("foothold.api")
_PLACES = 6
_LARGEST_BODY = 64 * 1024


class RequestLog:
    """ASGI middleware around everything else.

    Args:
        app: what answers.
        apology: the answer to an error that nothing else answered.
        larger_bodies: how many bytes a body may have under a path, where that is more than usual.
    """

    def __init__(
        self,
        app: ASGIApp,
        apology: Callable[[Request, Exception], Response],
        larger_bodies: Mapping[str, int],
    ) -> None:
        self.app, self.apology, self.larger_bodies = app, apology, larger_bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on and tell of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, started = secrets.token_hex(8), time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", _cache_control(scope["path"]))
            await send(message)

        told: dict[str, object] = {}
        try:
            await self.app(scope, _limited(receive, self._largest(scope)), send_with_headers)
        except Exception as error:
            told = {"error": type(error).__name__, "at": _places(error)}
            if status:  # half an answer is out: let the server cut the connection
                raise ConnectionAbortedError(request_id) from None
            await self.apology(Request(scope), error)(scope, receive, send_with_headers)
        finally:
            _log.log(
                logging.ERROR if status >= 500 else logging.INFO,
                "request",
                id=request_id,
                method=scope["method"],
                route=getattr(scope.get("route"), "path", None),
                status=status,
                milliseconds=round(1000 * (time.perf_counter() - started), 1),
                **told,
            )

    def _largest(self, scope: Scope) -> int:
        larger = (
            size for path, size in self.larger_bodies.items() if scope["path"].startswith(path)
        )
        return next(larger, _LARGEST_BODY)


def _limited(receive: Receive, largest: int) -> Receive:
    """Refuse a body as soon as it is larger than any honest one."""
    length = 0

    async def receive_limited() -> Message:
        nonlocal length
        message = await receive()
        length += len(message.get("body", b""))
        if length > largest:
            raise HTTPException(413)
        return message

    return receive_limited


def log_to_stderr() -> None:
    """Write the log as JSON lines to stderr; stdout belongs to what a command answers."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _cache_control(path: str) -> str:
    return "no-cache" if path.startswith("/static/") else "no-store"


def _places(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
