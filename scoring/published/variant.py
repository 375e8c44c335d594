"""Which card of a model is published: the plain one, or that of lenders with positive only."""

from __future__ import annotations

from enum import StrEnum


class CardVariant(StrEnum):
    """A model's card as lenders' policies have it."""

    PLAIN = "plain"
    POSITIVE_ONLY = "positive_only"

    def named(self, model: str) -> str:
        """A model's reference with the card, where it is not the plain one."""
        return model if self is CardVariant.PLAIN else f"{model}, positive only"

    @property
    def sentence(self) -> str:
        """Whose card it is."""
        if self is CardVariant.PLAIN:
            return "The plain card: lenders with positive only are served another."
        return (
            "The card of lenders with positive only: training, sales and account records count in "
            "favour only."
        )
