"""What each reader of a score sees of it: the lender levels and groups, the operator all."""

from __future__ import annotations

import json
from typing import Any

from scoring.reasons.texts import integrity_text, missing_text, reason_text
from scoring.store.tables import Score

_FOR_LENDERS = (
    "founder",
    "purpose",
    "application",
    "as_of",
    "score",
    "score_range",
    "band",
    "pd",
    "pd_low",
    "pd_high",
    "interval_level",
    "base_points",
    "points",
    "reasons",
    "backgrounds",
    "category_shares",
    "model",
    "completeness",
    "missing",
    "evidence",
)


def lender_view(score: Score) -> dict[str, Any]:
    """The score as a lender gets it: neutral groups, no features, no records.

    Of the signs to ask about it gets the codes and texts; the counts are the founder's to show.

    Attendance is left out of `completeness` but for whether there is any: session counts and days
    can tell which programme somebody was in, and a programme can tell who somebody is.
    """
    document = json.loads(score.document)
    view = {name: document[name] for name in _FOR_LENDERS if name in document}
    view["reasons"] = {
        side: [
            {
                **reason,
                "text": reason_text(reason["code"], side, is_missing=reason["missing"]).as_dict(),
            }
            for reason in found
        ]
        for side, found in document["reasons"].items()
    }
    view["missing"] = [
        {**entry, "text": missing_text(entry).as_dict()} for entry in document["missing"]
    ]
    if not view["missing"]:
        view.pop("missing")
    view["integrity_signals"] = [
        {"code": signal["code"], "text": integrity_text(signal["code"]).as_dict()}
        for signal in document.get("integrity_signals", [])
    ]
    view["completeness"] = {
        kind: {"records": content["records"] > 0} if kind == "attendance" else content
        for kind, content in document["completeness"].items()
    }
    return {"id": score.reference, "issued_at": score.issued_at.isoformat(), **view}


def operator_view(score: Score) -> dict[str, Any]:
    """The score as the installation's operator sees it: the lender's view, counts and features."""
    document = json.loads(score.document)
    return {
        **lender_view(score),
        "completeness": document["completeness"],
        "integrity_signals": [
            {**signal, "text": integrity_text(signal["code"]).as_dict()}
            for signal in document.get("integrity_signals", [])
        ],
        "features": document["features"],
        "contributions": document.get("contributions"),
        "points_by_feature": document.get("points_by_feature"),
        "document_digest": score.document_digest,
    }
