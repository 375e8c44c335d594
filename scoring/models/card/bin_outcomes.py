"""What became of the loans that a card was fitted on, by bin, as a table shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class BinOutcomes:
    """Outcomes of one feature's bins, each of shape (bins + 1,), missing last.

    Attributes:
        goods: weight of the loans that went well; their number where rows have no weights.
        bads: the same of those that went bad.
        founders: whose loans they are; a founder with loans in several bins counts in parts that
            add up to one, so that bins can be joined and none looks fuller than it is.
    """

    goods: tuple[float, ...]
    bads: tuple[float, ...]
    founders: tuple[float, ...]

    def to_dict(self) -> dict[str, list[float]]:
        """Return plain data for JSON."""
        return {
            "goods": list(self.goods),
            "bads": list(self.bads),
            "founders": list(self.founders),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, list[float]]) -> BinOutcomes:
        """Read what `to_dict` wrote."""
        return cls(tuple(data["goods"]), tuple(data["bads"]), tuple(data["founders"]))
