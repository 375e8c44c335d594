"""The application: the API of lenders and operators, and founders' pages, over one store."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from api import health
from api.auth import Authentication
from api.lenders import applications, loans, notices, portfolio, scores
from api.pages.founder import routes as pages
from api.pages.languages import chosen_language
from api.pages.rendering import message
from api.problems import Problem, add_problem_handlers, problem_of, problem_response
from api.records import routes
from api.records.imports import importers
from api.requests import RequestLog
from scoring.store.database import Database

_TAGS = [
    {"name": "scores", "description": "Scores that a lender asks for, and reads again."},
    {"name": "notices", "description": "Scores of a lender that rested on a wrong record."},
    {"name": "applications", "description": "What is asked of a lender, and what it decides."},
    {"name": "loans", "description": "A lender's loans: paid out, repaid, rescheduled, ended."},
    {"name": "records", "description": "Records that operators and lenders send."},
    {"name": "health", "description": "Whether the service runs."},
]
_STATIC = Path(__file__).parent / "pages" / "static"


def create_app(database: Database) -> FastAPI:
    """The application over a store whose schema is up to date.

    Args:
        database: the store; whoever made it disposes of it.
    """
    app = FastAPI(
        title="Foothold",
        version=version("foothold"),
        description="Credit scores for thin-file founders, with reasons. A score is given to a "
        "lender for a purpose that the founder consents to; the lender decides, never the score.",
        # The built-in documentation loads its scripts from elsewhere, so it has no place here.
        docs_url=None,
        redoc_url=None,
        # Addresses are exact: a redirect would go to whatever host the caller named.
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        openapi_tags=_TAGS,
        middleware=[
            Middleware(
                RequestLog,
                apology=_apology,
                larger_bodies={f"{routes.router.prefix}/": routes.LARGEST_BODY},
            ),
            Middleware(Authentication, database=database),
        ],
    )
    app.state.database = database
    app.state.importers = importers()
    add_problem_handlers(app)
    app.include_router(health.router)
    app.include_router(scores.router)
    app.include_router(notices.router)
    app.include_router(applications.router)
    app.include_router(loans.router)
    app.include_router(portfolio.router)
    app.include_router(routes.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    _describe_problems(app)
    return app


def _operation_id(route: APIRoute) -> str:
    """What programs made from the contract call an operation: the function that answers it."""
    return route.name


def _apology(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if request.url.path.startswith(pages.router.prefix):
        return message("trouble", chosen_language(request), status=problem.status)
    return problem_response(problem)


def _describe_problems(app: FastAPI) -> None:
    """Put the problem's schema, which routes refer to, into /openapi.json."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        template = "#/components/schemas/{model}"
        schema = TypeAdapter(Problem).json_schema(ref_template=template)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(schema.pop("$defs", {}), Problem=schema)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents
