"""What a founder's page shows, made ready for the template: no name, nobody else's records."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.pages.founder.held import HeldRecords, held_records
from api.pages.founder.history import Look, StandingConsent, looks_of, standing_consents
from api.pages.founder.picture import Picture, picture_of
from api.pages.founder.told import Notice, notices_to
from api.pages.languages import words_in
from scoring.features import all_features
from scoring.features.catalogue import Kind
from scoring.features.engines.one_founder import Content
from scoring.models.backgrounds import BackgroundKind
from scoring.parties.readable import readable_by
from scoring.parties.scopes import FounderScope
from scoring.reasons.arrears import arrears_text, default_cure, default_reason
from scoring.reasons.sentences import Sentence, sentence, withheld_sentence
from scoring.reasons.texts import (
    Language,
    missing_text,
    reason_text,
    signal_seen,
    signal_text,
    texts,
)
from scoring.score.arrears import arrears_code
from scoring.score.bands import BANDS
from scoring.score.document import (
    CurrentArrears,
    InDefault,
    IntervalWidths,
    LoansRead,
    MissingRecords,
    Scored,
    ScoreDocument,
)
from scoring.store.tables import Lender, Score


@dataclass(frozen=True)
class Line:
    """One reason in plain words, and whether it can change."""

    sentence: Sentence
    kind: str
    change: str | None


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
class OnFile:
    """How many records of a kind, and from which days."""

    kind: str
    records: int
    days: list[str]


@dataclass(frozen=True)
class Default:
    """That somebody is in default: why, what ends it, and what to send where a lender is silent."""

    reason: str
    cure: str
    proof: str | None


@dataclass(frozen=True)
class Latest:
    """The latest score, or why there was none."""

    as_of: str
    issued: str
    lender: str
    purpose: str
    model: str
    numbers: Numbers | None
    in_default: Default | None
    arrears: list[str]
    picture: Picture
    helped: list[Line]
    cost: list[Line]
    neutral: list[Line]
    missing: list[Line]
    shares: list[tuple[str, int]]
    on_file: list[OnFile]
    needs: list[tuple[str, str]]
    told: list[str]  # reasons of the lender, where they compare with others than points do
    width: str  # how far a thin file is from a score; empty where it is scored
    asked_about: list[tuple[str, str]]  # what the lender is told, what it rests on


@dataclass(frozen=True)
class FounderPage:
    """The whole page."""

    latest: Latest | None
    held: HeldRecords
    looks: list[Look]
    consents: list[StandingConsent]
    told: list[Notice]
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
        kinds: the blocks that this installation may read.
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
        told=notices_to(session, scope, language=language, zone=zone),
    )


def _latest(score: Score, lender: Lender, language: Language, zone: ZoneInfo) -> Latest:
    document = ScoreDocument.from_canonical(score.document)
    t = words_in(language)
    result = document.result
    lines = _lines(document, result, language) if isinstance(result, Scored) else []
    return Latest(
        as_of=format_date(document.as_of, "long", language),
        issued=format_date(score.issued_at.astimezone(zone).date(), "long", language),
        lender=lender.name,
        purpose=str(t(f"purpose.{document.purpose}")),
        model=document.model.id,
        numbers=_numbers(document, result, language) if isinstance(result, Scored) else None,
        in_default=_default(result, language) if isinstance(result, InDefault) else None,
        arrears=_arrears(document.current_arrears, language),
        picture=picture_of(result.points, language),
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
        shares=_shares(result, language) if isinstance(result, Scored) else [],
        on_file=[_on_file(kind, document.completeness.get(kind), language) for kind in Kind],
        needs=[
            (_need(place, entry, language), _have(entry, language))
            for place, entry in enumerate(document.missing)
        ],
        told=_told(result, language) if isinstance(result, Scored) else [],
        width=_width(document.evidence, language),
        asked_about=[
            (
                signal_text(signal.code).in_language(language),
                signal_seen(signal.code, signal.seen, language),
            )
            for signal in document.signals
        ],
    )


def _default(result: InDefault, language: Language) -> Default:
    reason = default_reason(
        result.cause,
        written=_long,
        since=result.since,
        through=result.reported_through,
        days=result.days,
    )
    cure = default_cure(result.cause, clean_days=result.clean_days, paid_dues=result.paid_dues)
    proof = None
    if result.last_reported is not None:
        prove = arrears_text("prove", written=_long, through=result.last_reported)
        proof = prove.in_language(language)
    return Default(reason.in_language(language), cure.in_language(language), proof)


def _arrears(arrears: CurrentArrears, language: Language) -> list[str]:
    codes = [arrears_code(arrears)]
    if arrears.read is LoansRead.OWN:
        codes.append("own_only")
    return [
        arrears_text(
            code, written=_long, through=arrears.reported_through, days=arrears.days
        ).in_language(language)
        for code in codes
    ]


def _long(day: date, language: str) -> str:
    return format_date(day, "long", language)


def _numbers(document: ScoreDocument, result: Scored, language: Language) -> Numbers:
    return Numbers(
        score=result.score,
        band=result.band,
        lowest=result.score_range.lowest,
        highest=result.score_range.highest,
        base=result.base_points,
        about=of_hundred(result.pd, language),
        low=of_hundred(result.pd_low, language),
        high=of_hundred(result.pd_high, language),
        level=round(100 * result.interval_level),
        is_expert=document.model.background is BackgroundKind.EXPERT_REFERENCE,
        is_positive_only=document.model.positive_only,
    )


def _shares(result: Scored, language: Language) -> list[tuple[str, int]]:
    t = words_in(language)
    named = ((str(t(f"kind.{kind}")), share) for kind, share in result.category_shares.items())
    return sorted(named, key=lambda entry: -entry[1])


def _told(result: Scored, language: Language) -> list[str]:
    if result.backgrounds.reasons.kind is not BackgroundKind.CUT_OFF:
        return []
    return [
        reason_text(reason.code, "against", is_missing=reason.missing).in_language(language)
        for reason in result.reasons.against
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


def _lines(document: ScoreDocument, result: Scored, language: Language) -> list[Line]:
    t, catalogue = words_in(language), all_features()
    lines = []
    withheld: dict[Kind, int] = {}
    for name, points in result.points_by_feature.items():
        feature = catalogue.get(name)
        if feature is None:  # scored by an earlier version with a feature that is gone
            older = Sentence(name, "", points, str(t("reasons.older")), None, is_missing=False)
            lines.append(Line(older, str(t("kind.older")), None))
            continue
        said = sentence(
            feature,
            value=document.observed.get(name, document.features[name]),
            points=points,
            currency=document.currency,
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
        said = withheld_sentence(kind, points=points, language=language)
        lines.append(Line(said, str(t(f"kind.{kind}")), said.advice))
    return lines


def _on_file(kind: Kind, content: Content | None, language: Language) -> OnFile:
    days: list[str] = []
    if content is not None and content.first_day is not None and content.last_day is not None:
        ends = dict.fromkeys((content.first_day, content.last_day))
        days = [format_date(day, "medium", language) for day in ends]
    records = 0 if content is None else content.records
    return OnFile(str(words_in(language)(f"kind.{kind}")), records, days)


def _width(evidence: IntervalWidths, language: Language) -> str:
    if evidence.sufficient:
        return ""
    now, allowed = evidence.interval_points, evidence.allowed_points
    return str(words_in(language)("thin.width", now=now, allowed=allowed, over=now - allowed))


def _need(place: int, entry: MissingRecords, language: Language) -> str:
    what = missing_text(entry.code, records=entry.have.records).in_language(language)
    return str(words_in(language)("thin.most", what=what)) if place == 0 else what


def _have(entry: MissingRecords, language: Language) -> str:
    return str(
        words_in(language)(
            "thin.narrows",
            points=round(entry.narrows_by_points),
            days=entry.have.days,
            records=entry.have.records,
        )
    )
