"""Errors as problem details (RFC 9457): the whole family, mapped in this one place.

No problem repeats what a request held, but for the names of its fields: a body can hold what
somebody should never have sent. A file that is refused is the exception: its sender reads which
cell is wrong, cut short, and nobody else does; it is never logged.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.idempotency_header import KEY_HEADER
from scoring.base.errors import (
    ConflictError,
    ConsentError,
    FileError,
    FootholdError,
    FourEyesError,
    ImportedForAnotherError,
    InputError,
    IntegrityError,
    ModelError,
    NoChampionError,
    NotFoundError,
    UnavailableError,
)
from scoring.parties.idempotency import KeyReusedError

MEDIA_TYPE = "application/problem+json"
_LONGEST_NAME = 64
# A body without a media type is not read as JSON, and pydantic's words are about Python.
_NO_OBJECT = "Send a JSON object, with the header Content-Type: application/json."


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    message: str


class Problem(BaseModel):
    """A problem as RFC 9457 has it.

    `errors` where fields of the request are wrong; `file`, `row` and `column` where a file is.
    """

    type: str = Field(examples=["urn:foothold:problem:no-consent"])
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    file: str | None = None
    row: int | None = Field(
        default=None,
        description="Row of the file, its header being row 1; of JSON, the line or the object.",
    )
    column: str | None = None


class RequestRefusedError(InputError):
    """One field of a request can't be used, for a reason that its schema can't tell."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class KeyRefusedError(FootholdError):
    """The key is valid, and not for this."""


# From special to general. A detail of None is the error's own words; commands and references
# in them are the operator's business, so most have words for lenders here.
_FAMILY: tuple[tuple[type[FootholdError], HTTPStatus, str, str, str | None], ...] = (
    (
        ImportedForAnotherError,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "imported-for-another",
        "Imported for another before",
        None,
    ),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "Invalid request", None),
    (
        NotFoundError,
        HTTPStatus.NOT_FOUND,
        "not-found",
        "Not found",
        "There is nothing here for you under this name.",
    ),
    (ConflictError, HTTPStatus.CONFLICT, "conflict", "Conflict", None),
    (KeyRefusedError, HTTPStatus.FORBIDDEN, "key-not-allowed", "Not for this key", None),
    (
        ConsentError,
        HTTPStatus.FORBIDDEN,
        "no-consent",
        "No consent",
        "The founder has given you no valid consent for this purpose. Ask the founder for it; "
        "without it there is no score.",
    ),
    (
        FourEyesError,
        HTTPStatus.FORBIDDEN,
        "second-person-needed",
        "A second person is needed",
        None,
    ),
    (
        NoChampionError,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "no-model",
        "No model in service",
        "No model has been put into service yet. The operator of this installation must promote "
        "one.",
    ),
    (
        ModelError,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "model-unusable",
        "Model can't be used",
        "The model in service can't be used. The operator of this installation must look at it.",
    ),
    (
        IntegrityError,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "integrity",
        "Stored data are damaged",
        "Stored data do not match their digest. The operator of this installation must look at it.",
    ),
)

# What is refused before any code of ours reads it.
_PROTOCOL: dict[HTTPStatus, tuple[str, str]] = {
    HTTPStatus.BAD_REQUEST: (
        "unreadable-body",
        "The body can't be read as what its Content-Type says, or it ended early.",
    ),
    HTTPStatus.NOT_FOUND: ("not-found", "There is nothing here for you under this name."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "method-not-allowed",
        "This address doesn't take this method. The header Allow names those that it takes.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("body-too-large", "The body is larger than is taken."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
        "media-type",
        "This Content-Type is not read here. /openapi.json names those that are.",
    ),
}


def problem_of(error: Exception) -> Problem:
    """The problem that tells of an error; what is not expected is told without its words."""
    match error:
        case RequestValidationError():
            return _invalid_request(
                "The request does not have the form that /openapi.json describes.",
                [_field_problem(entry) for entry in error.errors()],
            )
        case RequestRefusedError():
            return _invalid_request(
                str(error), [FieldProblem(field=error.field, message=str(error))]
            )
        case KeyReusedError():
            return _invalid_request(
                str(error), [FieldProblem(field=KEY_HEADER, message=str(error))]
            )
        case FileError():
            return _refused_file(error)
        case HTTPException():
            return _of_protocol(HTTPStatus(error.status_code))
        case UnavailableError():
            return _plain(
                HTTPStatus.SERVICE_UNAVAILABLE, "The store can't be reached just now. Try again."
            )
    for kind, status, slug, title, detail in _FAMILY:
        if isinstance(error, kind):
            return _problem(status, slug, title, detail or str(error))
    return _plain(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something unexpected happened; the operator finds it in the log by the request's id.",
    )


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """A problem as it is sent. ASCII only, since names of fields may hold any half character."""
    content = json.dumps(problem.model_dump(exclude_none=True), ensure_ascii=True)
    return Response(content, problem.status, headers, MEDIA_TYPE)


def unauthorised() -> Response:
    """The answer to a request without a valid key."""
    problem = _problem(
        HTTPStatus.UNAUTHORIZED,
        "no-key",
        "No valid key",
        "Send a valid API key as `Authorization: Bearer KEY`.",
    )
    return problem_response(problem, {"WWW-Authenticate": "Bearer"})


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error that is foreseen with its problem; `RequestLog` answers the others."""

    async def handle(_: Request, error: Exception) -> Response:
        headers = error.headers if isinstance(error, HTTPException) else None
        return problem_response(problem_of(error), dict(headers or {}))

    for kind in (FootholdError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, for its OpenAPI entry."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    named: dict[int | str, dict[str, Any]] = {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }
    return named | {"default": {"description": "Any other problem", "content": content}}


def _problem(status: HTTPStatus, slug: str, title: str, detail: str) -> Problem:
    return Problem(
        type=f"urn:foothold:problem:{slug}", title=title, status=status.value, detail=detail
    )


def _of_protocol(status: HTTPStatus) -> Problem:
    if status not in _PROTOCOL:
        return _plain(status, status.description or status.phrase)
    slug, detail = _PROTOCOL[status]
    return _problem(status, slug, status.phrase.capitalize(), detail)


def _plain(status: HTTPStatus, detail: str) -> Problem:
    return Problem(type="about:blank", title=status.phrase, status=status.value, detail=detail)


def _invalid_request(detail: str, errors: list[FieldProblem]) -> Problem:
    problem = _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "Invalid request", detail
    )
    return problem.model_copy(update={"errors": errors})


def _refused_file(error: FileError) -> Problem:
    problem = _invalid_request(str(error), [])
    if isinstance(error, ConsentError):
        problem = _problem(HTTPStatus.FORBIDDEN, "no-consent", "No consent", str(error))
    place = {"file": error.file, "row": error.row, "column": error.column, "errors": None}
    return problem.model_copy(update=place)


def _field_problem(entry: dict[str, Any]) -> FieldProblem:
    where, *names = entry["loc"]
    # JSON that can't be read has a place in the text instead of a name.
    named = [str(name)[:_LONGEST_NAME] for name in names if not isinstance(name, int)]
    said = _NO_OBJECT if entry["type"] == "model_attributes_type" else entry["msg"]
    return FieldProblem(field=".".join(named) or str(where), message=said)
