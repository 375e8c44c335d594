"""What lenders send and get, as /openapi.json describes it.

Only what is declared here leaves: a field added to the stored document stays inside until it is
added here too.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.fields import Day, Instant, Reference
from api.lenders.days import IsoDay
from scoring.parties.consents import Purpose


class LenderPurpose(StrEnum):
    """What a lender can ask for; training is the installation's own purpose."""

    LOAN_APPLICATION = Purpose.LOAN_APPLICATION.value
    PORTFOLIO_REVIEW = Purpose.PORTFOLIO_REVIEW.value


class ScoreRequest(BaseModel):
    """Whose score, for what, and as of when."""

    model_config = ConfigDict(extra="forbid")

    founder: Reference = Field(description="Reference of the founder.")
    purpose: LenderPurpose
    as_of: IsoDay | None = Field(
        None, description="The score is as of the end of this day; today when left out."
    )
    application: Reference | None = Field(
        None, description="Reference of a recorded application, the founder's latest."
    )


class ScoreRange(BaseModel):
    """The lowest and the highest score that this model can give."""

    lowest: int
    highest: int


class GroupPoints(BaseModel):
    """Points of a neutral group of reasons, against the background of `points`."""

    code: str
    points: int


class Text(BaseModel):
    """A text in each language."""

    ko: str
    en: str


class Reason(BaseModel):
    """A group among the four that gave or cost most; `missing` where nothing was on file."""

    code: str
    points: int | float = Field(
        description="In points of the score, against the background of `reasons`: the group's "
        "points less their mean there. Whole numbers against the card's own background, decimals "
        "against applicants at the cut-off."
    )
    missing: bool
    text: Text


class Reasons(BaseModel):
    """Up to four reasons each way, strongest first; a group stands on one side only."""

    against: list[Reason]
    for_: list[Reason] = Field(alias="for")


class ModelUsed(BaseModel):
    """Which model scored, and whether alternative data counted in favour only."""

    id: str
    digest: str
    deployment_profile: str
    background: str = Field(description="What its card is centred on; `points` are relative to it.")
    positive_only: bool = Field(description="The lender's policy at scoring.")


class BackgroundUsed(BaseModel):
    """Whom a file was compared with."""

    id: str
    kind: Literal["training_population", "expert_reference", "cut_off"]
    founders: int | None = Field(
        None, description="How many applicants at the cut-off; not given for the card's own."
    )


class Backgrounds(BaseModel):
    """Of `points`, always the card's own; of `reasons`, the lender's where it has one."""

    points: BackgroundUsed
    reasons: BackgroundUsed


class Content(BaseModel):
    """How much of a kind of record the file holds; of attendance only whether there is any."""

    records: bool | int
    first_day: Day | None = None
    last_day: Day | None = None


class OnFile(BaseModel):
    """How much of a kind of record is on file, and over how many days."""

    records: int
    days: int


class Missing(BaseModel):
    """One kind of record that would narrow the interval of the score; the most telling first."""

    code: str
    have: OnFile
    narrows_by_points: float = Field(
        description="Expected reduction of the interval's width if all of it were on file."
    )
    text: Text


class IntervalWidths(BaseModel):
    """How wide the 90 % interval of the score is for lack of records, in points."""

    sufficient: bool
    interval_points: float = Field(ge=0, description="Of this file.")
    allowed_points: float = Field(ge=0, description="The widest that this model scores.")
    complete_points: float = Field(ge=0, description="Of a file that lacks nothing.")


class Signal(BaseModel):
    """A sign in the records to ask the founder about; it changes no score and refuses nobody."""

    code: str
    text: Text


class CurrentArrears(BaseModel):
    """Arrears on the day, the worst over the loans read; of other lenders' nothing that names."""

    read: Literal["all", "own", "none"] = Field(
        description="Whose loans were read: `own` where the founder refused that others' are."
    )
    days: int | None = Field(
        description="Past due on a material amount; 0 without arrears, null without loans."
    )
    amount: str | None = Field(
        description="A bucket of the amount, in multiples of the currency's floor of materiality "
        "(10,000 won)."
    )
    reported_through: Day | None = Field(
        description="The last day that the loan's lender has told of; days stand still after it."
    )
    whose: Literal["own", "others"] | None
    text: Text


class Default(BaseModel):
    """A default that stands: why, since when, and what cures it."""

    cause: Literal["written_off", "sold_at_a_loss", "days_past_due", "rescheduled_in_distress"]
    since: Day
    whose: Literal["own", "others"]
    days: int
    reported_through: Day
    last_reported: Day | None = Field(
        description="The same day where the lender has been silent for 180 days since."
    )
    clean_days: int
    clean_days_needed: int
    paid_dues: int | None
    paid_dues_needed: int | None
    reason: Text
    cure: Text
    proof: Text | None = Field(None, description="What to ask for where the lender is silent.")


class _Answer(BaseModel):
    id: str
    issued_at: Instant
    founder: str
    purpose: str
    application: str | None
    as_of: Day
    current_arrears: CurrentArrears
    points: list[GroupPoints]
    reasons: Reasons
    integrity_signals: list[Signal]
    model: ModelUsed
    completeness: dict[str, Content]
    evidence: IntervalWidths


class Fact(BaseModel):
    """A value behind a reason."""

    code: str = Field(description="Of the reason.")
    feature: str
    unit: str = Field(description="share, ratio, days, months, count, or money in minor units.")
    value: float


class Scored(_Answer):
    """A score: `base_points` and all `points` add up to it exactly."""

    status: Literal["scored"]
    score: int
    score_range: ScoreRange
    band: Literal["A", "B", "C", "D", "E", "F"]
    pd: float = Field(ge=0, le=1, description="Probability of default within the window.")
    pd_low: float = Field(ge=0, le=1)
    pd_high: float = Field(ge=0, le=1)
    interval_level: float
    base_points: int
    backgrounds: Backgrounds
    category_shares: dict[str, int]
    facts: list[Fact] = Field(
        [], description="Values behind the reasons; there only where the founder shows them."
    )


class Insufficient(_Answer):
    """No score: the file is too thin, and what would help."""

    status: Literal["insufficient"]
    score: None
    missing: list[Missing] = []


class InDefault(_Answer):
    """No score, no probability and no band: the founder is in default on a loan."""

    status: Literal["in_default"]
    score: None
    in_default: Default
