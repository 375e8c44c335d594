"""The founder's page: opened once by a link, seen for half an hour, closed at a touch."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.pages.founder.links import (
    SESSION_LIFE,
    LinkForgedError,
    LinkSpentError,
    close_visit,
    is_loopback,
    open_link,
    read_link,
    require_unspent,
    visit_of,
)
from api.pages.founder.view import founder_page
from api.pages.languages import asked_language, chosen_language
from api.pages.rendering import message, page, page_in_both, private
from scoring.features import kinds_for
from scoring.store.database import Database

router = APIRouter(prefix="/me", include_in_schema=False)

_COOKIE = "visit"
_PATH = "/me"


@router.get("/open/{token}")
def ask_to_open(token: str, request: Request) -> Response:
    """Ask whoever holds a link whether to open it: looking at a link does not spend it.

    Messengers and mail scanners fetch links to show or check them; none presses a button.
    """
    language = chosen_language(request)
    if not _is_private(request):
        return message("insecure", language, status=403)
    database: Database = request.app.state.database
    try:
        link = read_link(database, token)
        with database.reading() as session:
            require_unspent(session, link)
    except LinkSpentError:
        return message("link_spent", language, status=410)
    except LinkForgedError:
        return message("link_forged", language, status=403)
    return page_in_both("open.html", language)


@router.post("/open/{token}")
def open_page(token: str, request: Request) -> Response:
    """Spend a link, begin a session, and go to the page."""
    language = chosen_language(request)
    if not _is_private(request):
        return message("insecure", language, status=403)
    database: Database = request.app.state.database
    try:
        link = read_link(database, token)
        with database.writing() as ledger:
            session = open_link(database, ledger, link)
    except LinkSpentError:
        return message("link_spent", language, status=410)
    except LinkForgedError:
        return message("link_forged", language, status=403)
    response = _redirect(request, _PATH)
    response.set_cookie(
        _COOKIE,
        session,
        max_age=int(SESSION_LIFE.total_seconds()),
        path=_PATH,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


@router.get("")
def show_page(request: Request) -> Response:
    """The page of the founder whose session this is."""
    language = chosen_language(request)
    if not _is_private(request):
        return message("insecure", language, status=403)
    database: Database = request.app.state.database
    with database.reading() as session:
        visit = visit_of(database, session, request.cookies.get(_COOKIE))
        if visit is None:
            return message("no_session", language, status=401)
        view = founder_page(
            session,
            visit.scope,
            language=language,
            zone=database.settings.zone,
            now=database.clock(),
            kinds=kinds_for(database.settings.deployment_profile),
            chosen=request.query_params.get("score"),
        )
    return page("page.html", language, view=view)


@router.post("/close")
def close_page(request: Request) -> Response:
    """End the session for good and show that nothing is open any more."""
    if not _is_private(request):
        return message("insecure", chosen_language(request), status=403)
    database: Database = request.app.state.database
    with database.reading() as session:
        visit = visit_of(database, session, request.cookies.get(_COOKIE))
    if visit is not None:
        with database.writing() as ledger:
            close_visit(ledger, visit)
    response = _redirect(request, f"{_PATH}/closed")
    response.delete_cookie(_COOKIE, path=_PATH, httponly=True, samesite="lax")
    return response


@router.get("/closed")
def closed_page(request: Request) -> Response:
    """What is left on the screen after closing."""
    return message("closed", chosen_language(request), status=200)


def _redirect(request: Request, path: str) -> Response:
    language = asked_language(request)
    target = f"{path}?lang={language}" if language else path
    return private(RedirectResponse(target, status_code=303))


def _is_private(request: Request) -> bool:
    """Whether nobody can read along: https, or from this machine to this machine by its name.

    The Host header counts too, since a page from elsewhere can make a browser on this machine ask
    for a name of its own that leads here.
    """
    if request.url.scheme == "https":
        return True
    try:
        host = request.url.hostname or ""
    except ValueError:
        return False
    peer = request.client.host if request.client else ""
    return is_loopback(peer) and is_loopback(host)
