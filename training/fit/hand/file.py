"""The file in which an analyst sets bins, weights and shapes: read, and checked at once."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, NoReturn

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    ValidationError,
    model_validator,
)

from scoring.base.errors import InputError
from scoring.features.catalogue import Direction, Feature, Unit, WhenMissing
from scoring.published.bins import highest_below

MOST_BINS = 12
"""As the card has."""

_ALLOWED = "author, reason, cuts, merge, weight_points, points and missing_points"
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
_Points = Annotated[int, Field(ge=-1000, le=1000)]
_Cut = Annotated[FiniteFloat, Field(gt=-1e15, lt=1e15)]  # beyond, doubles have no decimals left
_Cuts = Annotated[list[_Cut], Field(max_length=MOST_BINS - 1)]


class HandEntry(BaseModel):
    """What is set of one feature, by whom and why.

    Attributes:
        author: who decided it.
        reason: why; an auditor will read it.
        cuts: cut points that are always used; of money in its minor unit, by currency.
        merge: groups of neighbouring bins of the free fit, by number (from 1) or by range, as the
            report prints them.
        weight_points: whole points from the worst to the best bin; the shape is the free fit's.
        points: whole points of each bin of `cuts`, counted against each other.
        missing_points: of a missing value, on the same count; left out, it has the average's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    author: _Text
    reason: _Text
    cuts: _Cuts | dict[str, _Cuts] | None = None
    merge: list[Annotated[list[int | str], Field(min_length=2)]] | None = Field(None, min_length=1)
    weight_points: Annotated[int, Field(ge=0, le=1000)] | None = None
    points: list[_Points] | None = None
    missing_points: _Points | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> HandEntry:
        if self.cuts is None and self.merge is None and self.weight_points is None:
            if self.points is None:
                raise ValueError("sets nothing; give cuts, merge, weight_points, or points")
            raise ValueError("points need the cuts between their bins")
        if self.cuts is not None and self.merge is not None:
            raise ValueError("has both cuts and merge; give one of them")
        if self.points is not None and (self.merge or self.weight_points is not None):
            raise ValueError("points are a whole shape; merge and weight_points don't go with them")
        if self.missing_points is not None and self.points is None:
            raise ValueError("missing_points go with points only")
        return self

    def cuts_in(self, currency: str) -> list[float] | None:
        """Cut points for a currency; None where none are set, or none in it."""
        return self.cuts.get(currency) if isinstance(self.cuts, dict) else self.cuts

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as kept with the model; what was not set is left out."""
        return self.model_dump(exclude_none=True)


class Hand(BaseModel):
    """A whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    features: dict[str, HandEntry] = Field(min_length=1)


def read_hand(path: Path) -> Hand:
    """Read a file and check all that can be checked without a card.

    Raises:
        InputError: it can't be used; names the file, the entry and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise refusal(path.name, "", f"can't be read as a text file in UTF-8 ({error})") from None
    try:
        return Hand.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise refusal(path.name, "", f"is not TOML: {error}") from None
    except ValidationError as error:
        _refuse(path.name, error.errors())


def check_hand(
    hand: Hand, features: Mapping[str, Feature], *, currency: str, file: str, known: Collection[str]
) -> None:
    """Check a hand against the features of a model.

    Args:
        hand: as read.
        features: of the model.
        currency: of the model.
        file: name of the file, for messages.
        known: all features there are, in the model or not.

    Raises:
        InputError: an entry can't be used; names it and what is allowed.
    """
    for name, entry in hand.features.items():
        if name not in features:
            raise refusal(file, name, _not_there(name, features, known))
        problem = _against(features[name], entry, currency)
        if problem:
            raise refusal(file, name, problem)


def refusal(file: str, entry: str, problem: str) -> InputError:
    """An error that names file and entry; `problem` is a sentence without a full stop."""
    where = f'{file}, features."{entry}"' if entry else file
    return InputError(f"{where}: {problem}.\nNothing was trained. Correct the file and try again.")


def _not_there(name: str, features: Collection[str], known: Collection[str]) -> str:
    if name in known:
        return (
            "the model does not have this feature (its block is off, it is off by default, or the "
            "expert gave no cut points in this currency)"
        )
    near = get_close_matches(name, features, n=3)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return f"there is no such feature. {hint}`foothold features` lists them"


def _against(feature: Feature, entry: HandEntry, currency: str) -> str | None:
    """Return what speaks against an entry, None where nothing does."""
    if entry.cuts is not None:
        if feature.unit is Unit.MONEY and not isinstance(entry.cuts, dict):
            return f"is money: give cuts by currency, cuts = {{ {currency} = […] }}"
        if feature.unit is not Unit.MONEY and isinstance(entry.cuts, dict):
            return "is not money: give cuts as one list, without a currency"
    cuts = entry.cuts_in(currency)
    if entry.cuts is not None and cuts is None:
        return f"has no cuts in {currency}, the model's currency"
    if cuts is not None and any(a >= b for a, b in zip(cuts, cuts[1:], strict=False)):
        return f"cuts must ascend, each once, not {cuts}"
    apart = [highest_below(cut, feature.decimals) for cut in cuts or ()]
    if len(set(apart)) < len(apart):
        return f"has {feature.decimals} decimals: no value lies between two of the cuts {cuts}"
    if entry.points is None or cuts is None:
        return None
    if len(entry.points) != len(cuts) + 1:
        return (
            f"cuts make one bin more than there are of them: {len(cuts) + 1} points are needed, "
            f"not {len(entry.points)}"
        )
    safer = {Direction.SAFER_WHEN_HIGHER: 1, Direction.SAFER_WHEN_LOWER: -1}.get(
        feature.direction, 0
    )
    if any(safer * (b - a) < 0 for a, b in zip(entry.points, entry.points[1:], strict=False)):
        words = "higher, so points must rise" if safer > 0 else "lower, so points must fall"
        return f"is declared safer when {words}, or stay, from bin to bin, not {entry.points}"
    if entry.missing_points is not None and feature.when_missing is WhenMissing.NEUTRAL:
        return "is neutral where it is missing: leave missing_points out"
    return None


def _refuse(file: str, errors: Iterable[Mapping[str, Any]]) -> NoReturn:
    """Tell the first problem of each entry; a union tells one per member."""
    told: dict[tuple[str, ...], str] = {}
    for error in errors:
        place = tuple(str(part) for part in error["loc"])
        told.setdefault(place[:3], _problem(place, error))
    raise InputError(
        "\n".join(f"{file}: {problem}." for problem in told.values())
        + "\nNothing was trained. Correct the file and try again."
    )


def _problem(place: tuple[str, ...], error: Mapping[str, Any]) -> str:
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        allowed = _ALLOWED if len(place) > 2 else "features"
        message = f"is not known; allowed are {allowed}"
    if error["type"] == "missing":
        message = "is required"
    if error["type"] == "too_short":
        message = (
            f"needs at least {error['ctx']['min_length']}, not {error['ctx']['actual_length']}"
        )
    where = f'features."{place[1]}"' if len(place) > 1 else place[0]
    field = f", {place[2]}" if len(place) > 2 else ""
    item = f", item {int(place[-1]) + 1}" if len(place) > 3 and place[-1].isdigit() else ""
    message = message[0].lower() + message[1:]
    return f"{where}{field}{item}: {message}"
