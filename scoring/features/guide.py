"""The catalogue as a page for people: `docs/features.md` is made of it."""

from __future__ import annotations

from scoring.features import all_features
from scoring.features.catalogue import Direction, Feature, Kind, WhenMissing

_TITLES = {
    Kind.ATTENDANCE: "Attendance",
    Kind.SALES: "Sales",
    Kind.REPAYMENT: "Repayment",
    Kind.CASH_FLOW: "Cash flow",
    Kind.APPLICATION: "Application",
}
_SAFER = {
    Direction.SAFER_WHEN_HIGHER: "higher",
    Direction.SAFER_WHEN_LOWER: "lower",
    Direction.NONE: "either",
}
_MISSING = {
    WhenMissing.NEUTRAL: "has no effect",
    WhenMissing.LEARNED: "is learned",
    WhenMissing.NEVER_BETTER_THAN_AVERAGE: "is never better than average",
}
_HEAD = """# Features

<!-- Made by `foothold features --markdown`; a test compares it with the catalogue. -->

Every feature is defined once, in `scoring/features/`, and has equal values on every engine. It sees
records that happened up to a day and were learned before its end. *Window* is how many days back it
looks. Ratios need a *minimum* of records, and are pulled towards a constant worth so many records
(*strength*), which is estimated in training and frozen in the model's artefact. How pauses and
failures of a channel are left out, and why, is told in [the decisions](decisions/0003-features.md).
Kinds marked *alternative data* are those that a lender may choose to count in favour only.

Balances are of days: an account's balance holds until its next line, and all accounts are added up.
An account is known by where its lines came from and by its name there. So two accounts of one
source whose statements name none are taken for one, and one account that two sources tell of for
two.
"""


def guide() -> str:
    """The page, as Markdown."""
    features = all_features().values()
    parts = [_HEAD, f"There are {len(features)}.\n"]
    for kind in Kind:
        parts.append(f"## {_TITLES[kind]}{' (alternative data)' if kind.is_alternative else ''}\n")
        parts.extend(_entry(feature) for feature in features if feature.kind is kind)
    return "\n".join(parts)


def _entry(feature: Feature) -> str:
    facts = [
        f"{feature.unit}, {feature.decimals} decimals",
        "whole history" if feature.window is None else f"window {feature.window} days",
        f"safer when {_SAFER[feature.direction]}",
        "the founder can act on it" if feature.actionable else "hard to change",
        f"reason `{feature.reason}`",
    ]
    if feature.shrinkage is not None:
        facts.append(f"minimum {feature.shrinkage.at_least:g}")
        facts.append(f"strength {feature.shrinkage.strength:g}")
    others = sorted(feature.reads - {feature.kind})
    if others:
        facts.append(f"reads {', '.join(others)} as well")
    if feature.off_by_default:
        facts.append("off by default")
    missing = f"Missing means: {feature.empty}; that {_MISSING[feature.when_missing]}."
    return f"### `{feature.name}`\n\n{feature.description}\n\n{'; '.join(facts)}. {missing}\n"
