"""Who looked at a founder's score, and whom the founder allows to."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.pages.languages import words_in
from scoring.parties.consents import Purpose, valid_consents
from scoring.parties.readable import readable_by
from scoring.parties.scopes import FounderScope
from scoring.reasons.texts import Language
from scoring.score.document import ScoreDocument
from scoring.store.tables import AuditEvent, Consent, Lender, Score

_SEEN = {
    "affordability.read": "looked.affordability",
    "score.portfolio": "looked.portfolio",
    "score.read": "looked.again",
}


@dataclass(frozen=True)
class Look:
    """One time that somebody saw the score or the page."""

    at: datetime
    day: str
    who: str
    what: str
    purpose: str | None
    times: str | None = None
    score: str | None = None


@dataclass(frozen=True)
class StandingConsent:
    """A consent that stands."""

    who: str
    purpose: str
    since: str
    until: str
    covers: list[str]


def looks_of(
    session: Session, scope: FounderScope, *, language: Language, zone: ZoneInfo
) -> list[Look]:
    """Who was given a score, read it again or saw the file, and each opening of the page.

    Newest first.
    """
    t = words_in(language)

    def look(
        at: datetime, who: str, what: str, purpose: str | None, score: str | None = None
    ) -> Look:
        day = format_date(at.astimezone(zone).date(), "long", language)
        shown = str(t(f"purpose.{purpose}")) if purpose else None
        return Look(at, day, who, what, shown, score=score)

    looks = [
        look(
            score.issued_at,
            name,
            _given(score, language),
            score.purpose,
            score.reference,
        )
        for score, name in session.execute(
            select(Score, Lender.name)
            .join(Lender, Lender.id == Score.lender_id)
            .where(readable_by(scope, Score), readable_by(scope, Lender))
        )
    ]
    known = session.scalars(select(Lender).where(readable_by(scope, Lender)))
    names = {lender.reference: lender.name for lender in known}
    for event in session.scalars(
        select(AuditEvent).where(
            readable_by(scope, AuditEvent),
            AuditEvent.action.in_(
                (
                    "affordability.read",
                    "challenger.explained",
                    "page.opened",
                    "score.portfolio",
                    "score.read",
                )
            ),
        )
    ):
        details = json.loads(event.details)
        if event.action == "page.opened":
            looks.append(look(event.at, str(t("looked.you")), str(t("looked.opened")), None))
        elif event.action == "challenger.explained":
            who, what = str(t("looked.us")), str(t("looked.compared"))
            looks.append(look(event.at, who, what, Purpose.MODEL_TRAINING))
        else:
            who = names.get(details["lender"], details["lender"])
            looks.append(look(event.at, who, str(t(_SEEN[event.action])), details["purpose"]))
    looks.sort(key=lambda entry: entry.at, reverse=True)
    return _together(looks, language)


def _given(score: Score, language: Language) -> str:
    t = words_in(language)
    if score.score is not None:
        return str(t("looked.given", score=score.score))
    status = ScoreDocument.from_canonical(score.document).result.status
    return str(t("looked.default" if status == "in_default" else "looked.thin"))


def standing_consents(
    session: Session, scope: FounderScope, *, language: Language, zone: ZoneInfo, now: datetime
) -> list[StandingConsent]:
    """Consents that stand now, the latest first."""
    t = words_in(language)

    def day(instant: datetime) -> str:
        return format_date(instant.astimezone(zone).date(), "long", language)

    rows = session.execute(
        valid_consents(now)
        .outerjoin(Lender, Lender.id == Consent.lender_id)
        .add_columns(Lender.name)
        .where(
            readable_by(scope, Consent),
            or_(Consent.lender_id.is_(None), readable_by(scope, Lender)),
        )
        .order_by(Consent.granted_at.desc(), Consent.id.desc())
    )
    return [
        StandingConsent(
            who=name or str(t("consents.installation")),
            purpose=str(t(f"purpose.{consent.purpose}")),
            since=day(consent.granted_at),
            until=day(consent.expires_at),
            covers=_covers(consent, language) if name else [],
        )
        for consent, name in rows
    ]


def _covers(consent: Consent, language: Language) -> list[str]:
    """What a lender may know by a consent, and what becomes of loans when it ends."""
    t = words_in(language)
    elsewhere = "elsewhere" if consent.reads_loans_elsewhere else "not_elsewhere"
    facts = "facts" if consent.shows_facts else "not_facts"
    return [str(t(f"consents.covers.{code}")) for code in (elsewhere, facts, "to_the_end")]


def _together(looks: list[Look], language: Language) -> list[Look]:
    """The same again on the same day, one after the other, is one line with a count."""
    runs = groupby(looks, key=lambda entry: (entry.day, entry.who, entry.what, entry.purpose))
    merged = []
    for _, run in runs:
        entries = list(run)
        times = str(words_in(language)("looked.times", n=len(entries)))
        merged.append(replace(entries[0], times=times) if len(entries) > 1 else entries[0])
    return merged
