"""What a card gives one record, by the look-ups of rows that the product scores with."""

from __future__ import annotations

from scoring.models.card.log_odds import Card
from scoring.models.card.points import PointsCard
from tests.assessed import Record, rows_of


def log_odds_of(card: Card, record: Record) -> float:
    names = [feature.name for feature in card.features]
    return float(card.log_odds_of_rows(rows_of(names, [record]))[0])


def points_of(card: PointsCard, record: Record) -> dict[str, int]:
    names = [feature.name for feature in card.features]
    return dict(zip(names, card.points_of_rows(rows_of(names, [record]))[0].tolist(), strict=True))


def score_of(card: PointsCard, record: Record) -> int:
    return card.base + sum(points_of(card, record).values())
