"""What a founder's page shows, made ready for the template: no name, nobody else's records."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.pages.founder.held import HeldRecords, held_records
from api.pages.founder.history import Look, Standing, looks_of, standing_consents
from api.pages.languages import words_in
from scoring.features import all_features
from scoring.features.catalogue import Kind
from scoring.models.backgrounds import BackgroundKind
from scoring.parties.readable import readable_by
from scoring.parties.scopes import FounderScope
from scoring.reasons.sentences import Sentence, sentence
from scoring.reasons.texts import (
    Language,
    integrity_seen,
    integrity_text,
    missing_text,
    reason_text,
    texts,
)
from scoring.score.bands import BANDS
from scoring.store.tables import Lender, Score

_LEAST_SIDE = 14.0  # percent of the picture's width kept for each side
_LEAST_BAR = 1.5


@dataclass(frozen=True)
class Bar:
    """One group's points and its bar, in percent of the picture's width."""

    label: str
    points: int
    x: float
    width: float


@dataclass(frozen=True)
class Line:
    """One reason in plain words, and whether it can change."""

    sentence: Sentence
    kind: str
    change: str | None


@dataclass(frozen=True)
class Picture:
    """From base points to the score."""

    bars: list[Bar]
    middle: float
    untouched: list[str]


@dataclass(frozen=True)
class Numbers:
    """A score's own numbers, in words where a person needs words."""

    score: int
    band: str
    lowest: int
    highest: int
    base: int
    about: str
    low: str
    high: str
    level: int
    is_expert: bool
    is_positive_only: bool


@dataclass(frozen=True)
class Evidence:
    """How many records of a kind, and from which days."""

    kind: str
    records: int
    days: list[str]


@dataclass(frozen=True)
class Latest:
    """The latest score, or why there was none."""

    as_of: str
    issued: str
    lender: str
    purpose: str
    model: str
    numbers: Numbers | None
    picture: Picture
    helped: list[Line]
    cost: list[Line]
    neutral: list[Line]
    missing: list[Line]
    shares: list[tuple[str, int]]
    evidence: list[Evidence]
    needs: list[tuple[str, str]]
    told: list[str]  # reasons of the lender, where they compare with others than points do
    helps: str
    width: str  # how far a thin file is from a score; empty where that is not known
    asked_about: list[tuple[str, str]]  # what the lender is told, what it rests on


@dataclass(frozen=True)
class FounderPage:
    """The whole page."""

    latest: Latest | None
    held: HeldRecords
    looks: list[Look]
    consents: list[Standing]
    bands: tuple[str, ...] = BANDS


def founder_page(
    session: Session,
    scope: FounderScope,
    *,
    language: Language,
    zone: ZoneInfo,
    now: datetime,
    kinds: Collection[Kind] = tuple(Kind),
    chosen: str | None = None,
) -> FounderPage:
    """Everything that one founder's page shows.

    Args:
        session: an open transaction.
        scope: whose page; nobody else's scores are found.
        language: of the page.
        zone: in which its days are.
        now: consents that stand at this instant are shown.
        kinds: the blocks of evidence that this installation may read.
        chosen: reference of an earlier score of this founder; the latest when None or unknown.
    """
    own = (
        select(Score, Lender)
        .join(Lender, Lender.id == Score.lender_id)
        .where(readable_by(scope, Score), readable_by(scope, Lender))
        .order_by(Score.issued_at.desc(), Score.id.desc())
        .limit(1)
    )
    found = session.execute(own.where(Score.reference == chosen)).first() if chosen else None
    found = found or session.execute(own).first()
    return FounderPage(
        latest=_latest(found.Score, found.Lender, language, zone) if found else None,
        held=held_records(session, scope, language=language, kinds=kinds),
        looks=looks_of(session, scope, language=language, zone=zone),
        consents=standing_consents(session, scope, language=language, zone=zone, now=now),
    )


def _latest(score: Score, lender: Lender, language: Language, zone: ZoneInfo) -> Latest:
    document = json.loads(score.document)
    t = words_in(language)
    lines = _lines(document, language)
    return Latest(
        as_of=format_date(score.as_of, "long", language),
        issued=format_date(score.issued_at.astimezone(zone).date(), "long", language),
        lender=lender.name,
        purpose=str(t(f"purpose.{score.purpose}")),
        model=document["model"]["id"],
        numbers=None if score.score is None else _numbers(document, language),
        picture=_picture(document, language),
        helped=sorted(
            (line for line in lines if line.sentence.points > 0),
            key=lambda line: -line.sentence.points,
        ),
        cost=sorted(
            (line for line in lines if line.sentence.points < 0),
            key=lambda line: line.sentence.points,
        ),
        neutral=[x for x in lines if x.sentence.points == 0 and not x.sentence.is_missing],
        missing=[x for x in lines if x.sentence.points == 0 and x.sentence.is_missing],
        shares=sorted(
            (
                (str(t(f"kind.{kind}")), share)
                for kind, share in document.get("category_shares", {}).items()
            ),
            key=lambda entry: -entry[1],
        ),
        evidence=[_evidence(kind, document, language) for kind in Kind],
        needs=[
            (_need(place, entry, language), _have(entry, language))
            for place, entry in enumerate(document["missing"])
        ],
        told=_told(document, language),
        helps=_helps(document, language),
        width=_width(document, language),
        asked_about=[
            (
                integrity_text(signal["code"]).in_language(language),
                integrity_seen(signal["code"], signal["seen"], language),
            )
            for signal in document.get("integrity_signals", [])
        ],
    )


def _numbers(document: dict[str, Any], language: Language) -> Numbers:
    return Numbers(
        score=document["score"],
        band=document["band"],
        lowest=document["score_range"]["lowest"],
        highest=document["score_range"]["highest"],
        base=document["base_points"],
        about=of_hundred(document["pd"], language),
        low=of_hundred(document["pd_low"], language),
        high=of_hundred(document["pd_high"], language),
        level=round(100 * document["interval_level"]),
        is_expert=document["model"]["background"] == "expert_reference",
        is_positive_only=document["model"].get("positive_only", False),
    )


def _told(document: dict[str, Any], language: Language) -> list[str]:
    against = document.get("backgrounds", {}).get("reasons", {})
    if against.get("kind") != BackgroundKind.CUT_OFF:
        return []
    return [
        reason_text(reason["code"], "against", is_missing=reason["missing"]).in_language(language)
        for reason in document["reasons"]["against"]
    ]


def of_hundred(probability: float, language: Language) -> str:
    """A probability as so many of a hundred people, never rounded to none or all."""
    t = words_in(language)
    count = round(100 * probability)
    if count < 1:
        return str(t("people.under_one"))
    if count > 99:
        return str(t("people.over_99"))
    return str(t("people.count", n=count))


def _picture(document: dict[str, Any], language: Language) -> Picture:
    titles = texts().groups
    groups = [
        (titles[entry["code"]].title.in_language(language), int(entry["points"]))
        for entry in document["points"]
    ]
    moved = sorted((g for g in groups if g[1]), key=lambda group: -group[1])
    gain = max([points for _, points in moved if points > 0], default=0)
    loss = -min([points for _, points in moved if points < 0], default=0)
    middle = 100 * loss / (gain + loss) if moved else 50.0
    middle = min(max(middle, _LEAST_SIDE), 100 - _LEAST_SIDE)
    # The longer side fills its part; both share one scale.
    scale = min(
        middle / loss if loss else math.inf,
        (100 - middle) / gain if gain else math.inf,
    )
    return Picture(
        bars=[_bar(label, points, middle, scale) for label, points in moved],
        middle=round(middle, 2),
        untouched=[label for label, points in groups if not points],
    )


def _bar(label: str, points: int, middle: float, scale: float) -> Bar:
    width = max(abs(points) * scale, _LEAST_BAR)
    x = middle if points > 0 else middle - width
    return Bar(label=label, points=points, x=round(x, 2), width=round(width, 2))


def _lines(document: dict[str, Any], language: Language) -> list[Line]:
    t, catalogue = words_in(language), all_features()
    lines = []
    withheld: dict[Kind, int] = {}
    for name, points in document.get("points_by_feature", {}).items():
        feature = catalogue.get(name)
        if feature is None:  # scored by an earlier version with a feature that is gone
            older = Sentence(name, "", points, str(t("reasons.older")), None, is_missing=False)
            lines.append(Line(older, str(t("kind.older")), None))
            continue
        said = sentence(
            feature,
            value=document.get("observed", {}).get(name, document["features"][name]),
            points=points,
            currency=document["currency"],
            language=language,
        )
        if said.is_missing and points < 0 and feature.kind.value in texts().withheld:
            withheld[feature.kind] = withheld.get(feature.kind, 0) + points
            continue
        change = None
        if points < 0:
            words = "reasons.in_time" if feature.actionable else "reasons.hard_to_change"
            change = said.advice or str(t(words))
        lines.append(Line(said, str(t(f"kind.{feature.kind}")), change))
    for kind, points in withheld.items():  # one cause, one line
        entry = texts().withheld[kind.value]
        said = Sentence(
            kind.value, kind.value, points, entry.seen.in_language(language), None, is_missing=True
        )
        lines.append(Line(said, str(t(f"kind.{kind}")), entry.advice.in_language(language)))
    return lines


def _evidence(kind: Kind, document: dict[str, Any], language: Language) -> Evidence:
    content = document["completeness"].get(kind.value, {"records": 0, "first_day": None})
    days: list[str] = []
    if content["first_day"] is not None:
        ends = dict.fromkeys((content["first_day"], content["last_day"]))
        days = [format_date(date.fromisoformat(day), "medium", language) for day in ends]
    return Evidence(str(words_in(language)(f"kind.{kind}")), content["records"], days)


def _helps(document: dict[str, Any], language: Language) -> str:
    """What stands over the records that a thin file lacks."""
    t = words_in(language)
    return str(t("thin.helps_by_width" if "evidence" in document else "thin.helps"))


def _width(document: dict[str, Any], language: Language) -> str:
    evidence = document.get("evidence")
    if evidence is None or evidence["sufficient"]:
        return ""
    now, allowed = evidence["interval_points"], evidence["allowed_points"]
    return str(words_in(language)("thin.width", now=now, allowed=allowed, over=now - allowed))


def _need(place: int, entry: dict[str, Any], language: Language) -> str:
    what = missing_text(entry).in_language(language)
    if place == 0 and entry.get("narrows_by_points"):
        return str(words_in(language)("thin.most", what=what))
    return what


def _have(entry: dict[str, Any], language: Language) -> str:
    t = words_in(language)
    have = entry["have"]
    if "narrows_by_points" in entry:
        return str(t("thin.narrows", points=round(entry["narrows_by_points"]), **have))
    return str(t("thin.have_days" if "days" in have else "thin.have", **have))
