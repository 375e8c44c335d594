"""What each reader of a score sees of it: the lender levels and groups, the operator all.

Plain data for JSON, with the texts that a document does not hold.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import object_session

from scoring.features import all_features
from scoring.features.catalogue import Kind
from scoring.features.engines.one_founder import Content
from scoring.reasons.arrears import arrears_text, default_cure, default_reason, iso
from scoring.reasons.ranking import PrincipalReasons
from scoring.reasons.texts import missing_text, reason_text, signal_text
from scoring.score.arrears import arrears_code
from scoring.score.document import (
    CurrentArrears,
    InDefault,
    MissingRecords,
    Scored,
    ScoreDocument,
    Signal,
)
from scoring.store.tables import Consent, Score


def lender_view(score: Score) -> dict[str, Any]:
    """The score as a lender gets it: neutral groups, no features, no records.

    Of the signals it gets the codes and texts; the counts are the founder's to show.

    Attendance is left out of `completeness` but for whether there is any: session counts and days
    can tell which programme somebody was in, and a programme can tell who somebody is.
    """
    document = ScoreDocument.from_canonical(score.document)
    return _for_lenders(score, document)


def staff_view(score: Score) -> dict[str, Any]:
    """The score as the installation's operator sees it: the lender's view, counts and features."""
    document = ScoreDocument.from_canonical(score.document)
    result = document.result
    return {
        **_for_lenders(score, document),
        "completeness": {
            kind.value: _content(content) for kind, content in document.completeness.items()
        },
        "integrity_signals": [
            {**signal.plain(), **_signal_for_lenders(signal)} for signal in document.signals
        ],
        "features": dict(document.features),
        "contributions": dict(result.contributions) if isinstance(result, Scored) else None,
        "points_by_feature": dict(result.points_by_feature) if isinstance(result, Scored) else None,
        "document_digest": score.document_digest,
    }


def _for_lenders(score: Score, document: ScoreDocument) -> dict[str, Any]:
    result = document.result
    numbers, compared = (
        (_numbers(result), _compared(result)) if isinstance(result, Scored) else ({}, {})
    )
    missing = [_missing(entry) for entry in document.missing]
    return {
        "id": score.reference,
        "issued_at": score.issued_at.isoformat(),
        "founder": document.founder,
        "purpose": document.purpose.value,
        "application": document.application,
        "as_of": document.as_of.isoformat(),
        "status": result.status,
        "score": result.score,
        **numbers,
        **({"in_default": _in_default(result)} if isinstance(result, InDefault) else {}),
        "current_arrears": _arrears(document.current_arrears),
        "points": [group.plain() for group in result.points],
        "reasons": _reasons(result.reasons),
        **_facts(score, document),
        **compared,
        "model": document.model.plain(),
        "completeness": {
            kind.value: _content_for_lenders(kind, content)
            for kind, content in document.completeness.items()
        },
        **({"missing": missing} if missing else {}),
        "evidence": document.evidence.plain(),
        "integrity_signals": [_signal_for_lenders(signal) for signal in document.signals],
    }


def _in_default(result: InDefault) -> dict[str, Any]:
    """The state with its reason and what cures it; of another lender's loan only days."""
    left_out = {"status", "score", "points", "reasons"}
    data = {name: value for name, value in result.plain().items() if name not in left_out}
    reason = default_reason(
        result.cause,
        written=iso,
        since=result.since,
        through=result.reported_through,
        days=result.days,
    )
    cure = default_cure(result.cause, clean_days=result.clean_days, paid_dues=result.paid_dues)
    data |= {"reason": reason.as_dict(), "cure": cure.as_dict()}
    if result.last_reported is not None:
        silent = arrears_text("silent", written=iso, through=result.last_reported)
        data["proof"] = silent.as_dict()
    return data


def _arrears(arrears: CurrentArrears) -> dict[str, Any]:
    text = arrears_text(
        arrears_code(arrears), written=iso, through=arrears.reported_through, days=arrears.days
    )
    return {**arrears.plain(), "text": text.as_dict()}


def _numbers(result: Scored) -> dict[str, Any]:
    return {
        "score_range": result.score_range.plain(),
        "band": result.band,
        "pd": result.pd,
        "pd_low": result.pd_low,
        "pd_high": result.pd_high,
        "interval_level": result.interval_level,
        "base_points": result.base_points,
    }


def _compared(result: Scored) -> dict[str, Any]:
    return {
        "backgrounds": result.backgrounds.plain(),
        "category_shares": {kind.value: share for kind, share in result.category_shares.items()},
    }


def _reasons(reasons: PrincipalReasons) -> dict[str, Any]:
    return {
        side: [
            {
                **reason.model_dump(),
                "text": reason_text(reason.code, side, is_missing=reason.missing).as_dict(),
            }
            for reason in found
        ]
        for side, found in reasons.by_side.items()
    }


def _facts(score: Score, document: ScoreDocument) -> dict[str, Any]:
    """The values behind the reasons, where the founder's consent shows them."""
    session = object_session(score)
    consent = None if session is None else session.get(Consent, score.consent_id)
    if consent is None or not consent.shows_facts:
        return {}
    reasons = document.result.reasons
    codes = [reason.code for found in reasons.by_side.values() for reason in found]
    return {
        "facts": [
            {"code": code, "feature": name, "unit": feature.unit.value, "value": value}
            for code in codes
            for name, feature in all_features().items()
            if feature.reason == code and (value := document.features.get(name)) is not None
        ]
    }


def _missing(entry: MissingRecords) -> dict[str, Any]:
    text = missing_text(entry.code, records=entry.have.records)
    return {**entry.plain(), "text": text.as_dict()}


def _signal_for_lenders(signal: Signal) -> dict[str, Any]:
    return {"code": signal.code, "text": signal_text(signal.code).as_dict()}


def _content_for_lenders(kind: Kind, content: Content) -> dict[str, Any]:
    return {"records": content.records > 0} if kind is Kind.ATTENDANCE else _content(content)


def _content(content: Content) -> dict[str, Any]:
    first, last = content.first_day, content.last_day
    return {
        "first_day": None if first is None else first.isoformat(),
        "last_day": None if last is None else last.isoformat(),
        "records": content.records,
    }
