"""What a founder is told of loans: arrears that others will see, and applications declined."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.pages.languages import words_in
from scoring.base.money import money_text
from scoring.parties.readable import readable_by
from scoring.parties.scopes import FounderScope
from scoring.reasons.texts import Language, reason_text
from scoring.store.tables import FounderNotice, Lender


@dataclass(frozen=True)
class Notice:
    """One notice: what happened, sentence by sentence, and reasons where there are any."""

    day: str
    title: str
    sentences: list[str]
    reasons: list[str]


def notices_to(
    session: Session, scope: FounderScope, *, language: Language, zone: ZoneInfo
) -> list[Notice]:
    """Every notice that was given to a founder, the latest first."""
    known = session.scalars(select(Lender).where(readable_by(scope, Lender)))
    names = {lender.reference: lender.name for lender in known}
    rows = session.scalars(
        select(FounderNotice)
        .where(readable_by(scope, FounderNotice))
        .order_by(FounderNotice.given_at.desc(), FounderNotice.id.desc())
    )
    return [_notice(row, names, language, zone) for row in rows]


def _notice(
    row: FounderNotice, names: Mapping[str, str], language: Language, zone: ZoneInfo
) -> Notice:
    content = json.loads(row.content)
    lender = names.get(content["lender"], content["lender"])
    make = _arrears if row.kind == "arrears" else _declined
    sentences, reasons = make(content, lender, language)
    return Notice(
        day=format_date(row.given_at.astimezone(zone).date(), "long", language),
        title=str(words_in(language)(f"notices.{row.kind}.title")),
        sentences=sentences,
        reasons=reasons,
    )


def _arrears(
    content: Mapping[str, Any], lender: str, language: Language
) -> tuple[list[str], list[str]]:
    t = words_in(language)
    shown = {
        "lender": lender,
        "amount": money_text(content["amount"], content["currency"], language),
        "since": _day(content["since"], language),
        "from_": _day(content["shown_from"], language),
        "through": _day(content["reported_through"], language),
        "days": content["days"],
    }
    what = "notices.arrears.what" if content["days"] > 0 else "notices.arrears.default"
    keys = (what, "notices.arrears.shown", "notices.arrears.effect", "notices.arrears.wrong")
    return [str(t(key, **shown)) for key in keys], []


def _declined(
    content: Mapping[str, Any], lender: str, language: Language
) -> tuple[list[str], list[str]]:
    t = words_in(language)
    amount = money_text(content["principal"], content["currency"], language)
    reasons = [str(t(f"notices.declined.reason.{code}")) for code in content["reasons"]]
    used = [
        str(getattr(reason_text(entry["code"], "against", is_missing=entry["missing"]), language))
        for entry in content["score_reasons"]
    ]
    sentences = [str(t("notices.declined.what", lender=lender, amount=amount))]
    if used:
        sentences.append(str(t("notices.declined.score")))
    sentences.append(str(t("notices.declined.person")))
    return sentences, reasons + used


def _day(text: str, language: Language) -> str:
    return str(format_date(date.fromisoformat(text), "long", language))
