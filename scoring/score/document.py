"""The score document: everything said of a founder's file, and all that is needed to say it again.

It holds neither an id nor the time of issue, so the same question about the same knowledge gives
the same bytes. It holds codes and no texts, so a better wording changes no score that was given.

Rooms below this one read single entries of the stored text themselves (the store's verification,
notices of disputes): they can't know this type, and a check of what is stored must not rest on the
code that wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scoring.base.canonical import canonical_json
from scoring.base.errors import IntegrityError
from scoring.base.settings import DeploymentProfile
from scoring.features.catalogue import Kind
from scoring.features.engines.one_founder import Content
from scoring.models.backgrounds import Background, BackgroundKind
from scoring.parties.consents import Purpose
from scoring.reasons.ranking import PrincipalReasons

SCHEMA = "foothold.score/1"


class Part(BaseModel):
    """A part of the document: it can't be changed, and is read back only if nothing is strange."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    def plain(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return self.model_dump(mode="json")


class ModelUsed(Part):
    """Which model scored, and whether alternative data counted in favour only.

    `background` is what its card is centred on.
    """

    background: BackgroundKind
    deployment_profile: DeploymentProfile
    digest: str
    id: str
    positive_only: bool


class BackgroundUsed(Part):
    """Whom a file was compared with; `founders` is None for the card's own background."""

    founders: int | None = Field(default=None, exclude_if=lambda founders: founders is None)
    id: str
    kind: BackgroundKind

    @classmethod
    def of(cls, background: Background) -> Self:
        """What the document says of a background."""
        return cls(id=background.reference, kind=background.kind, founders=background.founders)


class Backgrounds(Part):
    """Of `points`, always the card's own; of `reasons`, the lender's where it has one."""

    points: BackgroundUsed
    reasons: BackgroundUsed


class IntervalWidths(Part):
    """Widths of the interval of the score in points: of this file, allowed, and lacking nothing."""

    allowed_points: float
    complete_points: float
    interval_points: float
    sufficient: bool


class OnFile(Part):
    """How much of a kind of record is on file, and over how many days."""

    days: int
    records: int


class MissingRecords(Part):
    """A kind of records that would narrow the interval, by how many points if all were on file."""

    code: str
    have: OnFile
    narrows_by_points: float


class Signal(Part):
    """A sign in the records to ask about: a code and the counts that it rests on.

    No hash, no day, no name.
    """

    code: str
    seen: Mapping[str, int]


class ReasonGroupPoints(Part):
    """Points of a neutral group of reasons."""

    code: str
    points: int


class ScoreRange(Part):
    """The lowest and the highest score that the model can give."""

    highest: int
    lowest: int


class LoansRead(StrEnum):
    """Whose loans a question may read."""

    ALL = "all"
    OWN = "own"  # the founder refused that others' are read
    NONE = "none"  # the deployment profile may process none


class Whose(StrEnum):
    """Whether a loan is of the lender that asks."""

    OWN = "own"
    OTHERS = "others"


class DefaultCause(StrEnum):
    """Why somebody is in default, the gravest first."""

    WRITTEN_OFF = "written_off"
    SOLD_AT_A_LOSS = "sold_at_a_loss"
    DAYS_PAST_DUE = "days_past_due"
    RESCHEDULED_IN_DISTRESS = "rescheduled_in_distress"


class CurrentArrears(Part):
    """Arrears on the day, the worst over the loans that may be read.

    Attributes:
        read: whose loans were read.
        days: past due on a material amount; 0 without arrears, None without loans.
        amount: how much is past due, as a bucket; None without loans.
        reported_through: the last day that the lender of that loan has told of; without arrears
            the earliest of all running loans.
        whose: whose loan it is; None without arrears.
    """

    read: LoansRead
    days: int | None = None
    amount: str | None = None
    reported_through: date | None = None
    whose: Whose | None = None


class InDefault(Part):
    """No score, for somebody in default; the fact is the reason, and what cures it is said.

    Attributes:
        cause: why.
        since: the first day of the default.
        whose: whether the loan is of the lender that asks.
        days: past due now, as far as is known.
        reported_through: the last day that the loan's lender has told of.
        last_reported: the same day where the lender has been silent for 180 days since: the
            founder may prove what happened meanwhile.
        clean_days: days so far without anything material past due, of `clean_days_needed`.
        paid_dues: instalments paid since a rescheduling in distress, of `paid_dues_needed`.
    """

    status: Literal["in_default"] = "in_default"
    score: None = None
    points: tuple[()] = ()
    reasons: PrincipalReasons = PrincipalReasons()
    cause: DefaultCause
    since: date
    whose: Whose
    days: int
    reported_through: date
    last_reported: date | None = None
    clean_days: int
    clean_days_needed: int
    paid_dues: int | None = None
    paid_dues_needed: int | None = None


class Scored(Part):
    """A score: `base_points` and all `points` add up to it exactly.

    Attributes:
        score: base and points.
        score_range: what this model can give.
        band: A (safest) to F.
        log_odds: of bad, from the unrounded card.
        pd: probability of bad, 0 to 1; `pd_low` and `pd_high` are its interval's ends.
        interval_level: credence of the interval.
        base_points: points before any feature's.
        base_log_odds: log-odds before any feature's.
        contributions: of each feature, log-odds of bad.
        points_by_feature: whole points of each feature.
        points: the same by neutral reason group, in the catalogue's order.
        reasons: the strongest groups, against the background that the lender's are against.
        backgrounds: whom points and reasons compare with.
        category_shares: weight of each kind of information, percent.
    """

    status: Literal["scored"] = "scored"
    score: int
    score_range: ScoreRange
    band: str
    log_odds: float
    pd: float
    pd_low: float
    pd_high: float
    interval_level: float
    base_points: int
    base_log_odds: float
    contributions: Mapping[str, float]
    points_by_feature: Mapping[str, int]
    points: tuple[ReasonGroupPoints, ...]
    reasons: PrincipalReasons
    backgrounds: Backgrounds
    category_shares: Mapping[Kind, int]


class Insufficient(Part):
    """No score, for too thin a file: no points and no reasons either."""

    status: Literal["insufficient"] = "insufficient"
    score: None = None
    points: tuple[()] = ()
    reasons: PrincipalReasons = PrincipalReasons()


Result = Scored | Insufficient | InDefault
_RESULTS: dict[str, type[Scored | Insufficient | InDefault]] = {
    "scored": Scored,
    "insufficient": Insufficient,
    "in_default": InDefault,
}


class ScoreDocument(Part):
    """What was asked, by which model, of which file, and what came of it.

    Attributes:
        founder: whose score; a reference.
        lender: who asked; a reference.
        purpose: for what.
        application: reference of the loan asked for, if there is one.
        as_of: the score is as of the end of this day.
        time_zone: in which that day ends.
        currency: of all amounts.
        model: which scored.
        completeness: what is on file, by kind that the model may read.
        features: values as scored, None where nothing is on file.
        observed: what was seen where that is not what was scored: ratios before they were shrunk.
        evidence: how wide the interval is for lack of records.
        missing: which records would narrow it, the most telling first; empty where it is scored.
        signals: signs to ask about, by code; they change no score.
        current_arrears: of the loans that may be read.
        result: a score, or none for somebody in default or too thin a file.
    """

    founder: str
    lender: str
    purpose: Purpose
    application: str | None
    as_of: date
    time_zone: str
    currency: str
    model: ModelUsed
    completeness: Mapping[Kind, Content]
    features: Mapping[str, float | None]
    observed: Mapping[str, float | None]
    evidence: IntervalWidths
    missing: tuple[MissingRecords, ...]
    signals: tuple[Signal, ...] = Field(
        validation_alias="integrity_signals", serialization_alias="integrity_signals"
    )
    current_arrears: CurrentArrears
    result: Result

    def to_canonical(self) -> str:
        """Its canonical text, whose digest identifies it; the result's entries stand among it."""
        own = self.model_dump(mode="json", exclude={"result"})
        return canonical_json({"schema": SCHEMA, **own, **self.result.plain()})

    @classmethod
    def from_canonical(cls, text: str) -> Self:
        """Read what `to_canonical` wrote.

        Raises:
            IntegrityError: it is of another format, or an entry is missing, strange or unknown.
        """
        data = json.loads(text)
        schema = data.pop("schema", None)
        if schema != SCHEMA:
            raise IntegrityError(f"A score document has the format {schema!r}, not {SCHEMA!r}.")
        kind = _RESULTS.get(data.get("status"))
        if kind is None:
            raise IntegrityError("A score document has no status that is known.")
        result = {name: data.pop(name) for name in kind.model_fields if name in data}
        try:
            return cls.model_validate({**data, "result": kind.model_validate(result)})
        except ValidationError as error:
            # Where only: the values are a founder's.
            wrong = {".".join(map(str, each["loc"])) for each in error.errors(include_input=False)}
            raise IntegrityError(
                f"A score document can't be read: {', '.join(sorted(wrong))}."
            ) from None
