"""Signed one-time links to a founder's page, and the sessions that they open.

A link names its founder by number and carries a nonce; opening it spends the nonce. Its signature
authenticates the founder, as that of the session does which opening begins. A session carries a
nonce too, which closing the page spends: after that the cookie opens nothing, even on a shared
telephone that kept it. Both say by which generation of their key they were signed, and end when
`foothold key rotate links` goes on to the next.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.errors import ConflictError, InputError
from scoring.base.keys import KeyPurpose
from scoring.parties.founders import find_founder
from scoring.parties.readable import readable_by
from scoring.parties.scopes import AUTHENTICATED, FounderScope
from scoring.store.audit import append_event
from scoring.store.database import Database
from scoring.store.keys import generation_of
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder, UsedLink

LINK_LIFE = timedelta(days=7)
SESSION_LIFE = timedelta(minutes=30)
_TOKEN = re.compile(r"([0-9]{1,9})~(.+)", re.ASCII)


class LinkSpentError(ConflictError):
    """The link was opened before, its time is over, or it was ended with all others."""


class LinkForgedError(InputError):
    """The link was not made here, or lost a part on its way."""


@dataclass(frozen=True)
class Visit:
    """What a link or a session stands for: a founder, this once, by one generation of the key."""

    scope: FounderScope
    nonce: str
    generation: int


def make_link(
    database: Database, ledger: Ledger, founder_reference: str, *, base_url: str, actor: str
) -> str:
    """A link that opens a founder's page once; that it was made is noted.

    Raises:
        InputError: the base is not https, and not this machine either.
        NotFoundError: there is no such founder.
    """
    base = _checked_base(base_url)
    founder = find_founder(ledger.session, founder_reference)
    token = _signed(database, ledger.session, KeyPurpose.LINKS, founder.id)
    append_event(ledger, actor=actor, action="link.made", founder_id=founder.id)
    return f"{base}/me/open/{token}"


def read_link(database: Database, token: str) -> Visit:
    """Whose link it is; nothing is looked up or locked for a link that was not made here.

    Raises:
        LinkSpentError: its time is over.
        LinkForgedError: its signature is wrong.
    """
    try:
        return _read(database, KeyPurpose.LINKS, token, LINK_LIFE)
    except SignatureExpired as error:
        raise LinkSpentError("The link's seven days are over.") from error
    except BadSignature as error:
        raise LinkForgedError("The link was not made here.") from error


def require_unspent(session: Session, link: Visit) -> None:
    """Refuse a link that opens nothing any more; a link that is looked at is not spent.

    Raises:
        LinkSpentError: it was opened before, or all links of its time were ended.
        LinkForgedError: its founder is gone.
    """
    if link.generation != generation_of(session, KeyPurpose.LINKS):
        raise LinkSpentError("All links of that time were ended.")
    if not _is_known(session, link):
        raise LinkForgedError("The link belongs to nobody.")
    if _is_spent(session, link):
        raise LinkSpentError("The link was opened before.")


def open_link(database: Database, ledger: Ledger, link: Visit) -> str:
    """Spend a link and begin a session; returns the session's token.

    Raises:
        LinkSpentError: it was opened before, or all links of its time were ended.
        LinkForgedError: its founder is gone.
    """
    require_unspent(ledger.session, link)
    _spend(ledger, link)
    founder_id = link.scope.founder_id
    append_event(ledger, actor="founder", action="page.opened", founder_id=founder_id)
    return _signed(database, ledger.session, KeyPurpose.SESSIONS, founder_id)


def visit_of(database: Database, session: Session, token: str | None) -> Visit | None:
    """The session that a cookie stands for, or None where it opens nothing."""
    try:
        visit = _read(database, KeyPurpose.SESSIONS, token or "", SESSION_LIFE)
    except BadSignature:
        return None
    if visit.generation != generation_of(session, KeyPurpose.LINKS):
        return None
    return visit if _is_known(session, visit) and not _is_spent(session, visit) else None


def close_visit(ledger: Ledger, visit: Visit) -> None:
    """End a session for good."""
    if not _is_spent(ledger.session, visit):
        _spend(ledger, visit)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_known(session: Session, visit: Visit) -> bool:
    return session.scalar(select(Founder.id).where(readable_by(visit.scope, Founder))) is not None


def _is_spent(session: Session, visit: Visit) -> bool:
    used = select(UsedLink.nonce).where(
        readable_by(visit.scope, UsedLink), UsedLink.nonce == visit.nonce
    )
    return session.scalar(used) is not None


def _spend(ledger: Ledger, visit: Visit) -> None:
    ledger.session.add(
        UsedLink(nonce=visit.nonce, founder_id=visit.scope.founder_id, used_at=ledger.now)
    )
    ledger.session.flush()


def _checked_base(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f'"{base_url}" is not an address of this installation.') from error
    if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
        raise InputError(f'"{base_url}" is not an address such as https://scores.example.org.')
    if parts.username is not None or parts.password is not None:
        raise InputError("The address may hold no user name and no password.")
    if parts.scheme == "http" and not is_loopback(host):
        raise InputError(
            f'"{base_url}" is not safe: a founder\'s page goes over https, or over http on this '
            "machine alone (http://127.0.0.1:PORT)."
        )
    return base_url.rstrip("/")


def _signed(database: Database, session: Session, use: KeyPurpose, founder_id: int) -> str:
    """A token `GENERATION~SIGNED`; sessions go with the generation of links."""
    generation = generation_of(session, KeyPurpose.LINKS)
    signed = _serializer(database, use, generation).dumps([founder_id, secrets.token_urlsafe(16)])
    return f"{generation}~{signed if isinstance(signed, str) else signed.decode()}"


def _read(database: Database, use: KeyPurpose, token: str, life: timedelta) -> Visit:
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise BadSignature("no token of ours")
    generation, seconds = int(found[1]), int(life.total_seconds())
    founder_id, nonce = _serializer(database, use, generation).loads(found[2], max_age=seconds)
    return Visit(FounderScope(AUTHENTICATED, founder_id=founder_id), nonce, generation)


def _serializer(database: Database, use: KeyPurpose, generation: int) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        database.settings.key(use, generation),
        salt=f"foothold.{use}",
        signer=_Signer,
        signer_kwargs={"clock": database.clock},
    )


class _Signer(TimestampSigner):
    """Signs with the store's clock, so that all of an installation tells the same time."""

    def __init__(self, *arguments: Any, clock: Callable[[], datetime], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._clock = clock

    def get_timestamp(self) -> int:
        """Seconds since 1970."""
        return int(self._clock().timestamp())
