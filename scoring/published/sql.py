"""The scorecard as one SELECT over a table of finished feature values.

Numbers are written so that each engine reads the very double that the card has: with an exponent,
which DuckDB and Spark take for a double and not a decimal; and in SQLite, which misreads the last
bit of some literals, as a division of whole numbers that is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import reduce

from sqlglot import exp

from scoring.models.artefact import Artefact
from scoring.published.table import TOO_THIN, joined
from scoring.published.variant import CardVariant

TABLE, KEY = "features", "founder"
_LOOKED_UP = "looked_up"
_EXACT_FRACTION = 2.0**10  # parts of one that every reader gets right
_EXACT_WHOLE = 2.0**40
_LARGEST_DIVISOR = 2**62


class Dialect(StrEnum):
    """Engines that the statement can be written for."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"
    DUCKDB = "duckdb"
    SPARK = "spark"


_Number = Callable[[float], exp.Expression]


def scorecard_sql(
    artefact: Artefact,
    *,
    model: str,
    dialect: Dialect,
    variant: CardVariant = CardVariant.PLAIN,
) -> str:
    """The statement, with a comment on what it expects.

    It gives the table's `founder`, `score` (whole points, equal to the API's), `log_odds` (of bad,
    equal to the last bit) and the points of each feature.

    Args:
        artefact: the model, its card as `variant` says.
        model: its reference.
        dialect: of the engine that will run it.
        variant: which of its cards.
    """
    number = sqlite_number if dialect is Dialect.SQLITE else _exponent_number
    nan = None if dialect is Dialect.SQLITE else exp.cast(exp.Literal.string("NaN"), "double")

    def case(
        name: str, cuts: Sequence[float], values: Sequence[exp.Expression], missing: exp.Expression
    ) -> exp.Case:
        column = _column(name)
        absent = exp.or_(column.is_(exp.null()), *([] if nan is None else [column.eq(nan)]))
        found = exp.Case().when(absent, missing)
        for cut, value in zip(cuts, values, strict=False):
            found = found.when(exp.LTE(this=column.copy(), expression=number(cut)), value)
        return found.else_(values[-1])

    points, log_odds = [], []
    for feature in artefact.points.features:
        cuts, earned = joined(feature)
        whole = [_whole(each) for each in earned]
        looked_up = case(feature.name, cuts, whole, _whole(feature.missing_points))
        points.append(exp.alias_(looked_up, f"{feature.name}__points", quoted=True))
    for part in artefact.scorecard.card_.features:
        floats = [number(each) for each in part.log_odds]
        found = case(part.name, part.cuts, floats, number(part.missing_log_odds))
        log_odds.append(
            exp.alias_(exp.cast(found, "double"), f"{part.name}__log_odds", quoted=True)
        )
    inner = exp.select(_column(KEY), *points, *log_odds).from_(exp.to_table(TABLE))
    intercept = exp.cast(number(artefact.scorecard.card_.intercept), "double")
    statement = exp.select(
        _column(KEY),
        exp.alias_(_sum(_whole(artefact.points.base), points), "score"),
        exp.alias_(_sum(intercept, log_odds), "log_odds"),
        *(_column(each.alias) for each in points),
    ).from_(_LOOKED_UP)
    text = statement.with_(_LOOKED_UP, as_=inner).sql(dialect=dialect.value, pretty=True)
    return f"{_head(artefact, model, variant)}\n{text};\n"


def _head(artefact: Artefact, model: str, variant: CardVariant) -> str:
    lines = [
        f"Scorecard {variant.named(model)}.",
        variant.sentence,
        "Score: whole points, higher is safer; PD = 1 / (1 + exp(-log_odds)).",
        f'It reads a table "{TABLE}": a row per founder with "{KEY}" and a column per feature, in',
        "double precision, NULL where nothing is on file.",
        "Values are finished ones, as a score document's `features` has them: rounded to their",
        "decimals, ratios already pulled towards the model's constants, money in minor units of",
        f"{artefact.currency}. Raw ratios would give other scores.",
        TOO_THIN,
    ]
    return "\n".join(f"-- {line}" for line in lines)


def _sum(first: exp.Expression, parts: Iterable[exp.Expr]) -> exp.Expression:
    """From left to right, in the card's order: floats would add up otherwise in the last bits."""
    columns = [_column(part.alias) for part in parts]
    return reduce(lambda one, other: exp.Add(this=one, expression=other), columns, first)


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)


def _whole(value: int) -> exp.Expression:
    return exp.Literal.number(value)


def _exponent_number(value: float) -> exp.Expression:
    text = repr(abs(value))
    return _signed(value, exp.Literal.number(text if "e" in text else f"{text}E0"))


def sqlite_number(value: float) -> exp.Expression:
    """A double in a form that every SQLite reads to the last bit."""
    size = abs(value)
    if size < _EXACT_WHOLE and (size * _EXACT_FRACTION).is_integer():
        return _signed(value, exp.Literal.number(repr(size)))
    numerator, divisor = size.as_integer_ratio()
    found: exp.Expression = exp.Literal.number(numerator)
    while divisor > 1:
        part = min(divisor, _LARGEST_DIVISOR)
        found = exp.Div(this=found, expression=exp.Literal.number(f"{part}.0"), typed=True)
        divisor //= part
    found.add_comments([f" {value!r} "])
    return _signed(value, exp.paren(found, copy=False))


def _signed(value: float, size: exp.Expression) -> exp.Expression:
    return exp.Neg(this=size) if value < 0 else size
