"""What the experts said, as a scorecard table, beside what outcomes made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from scoring.features.catalogue import Feature
from scoring.models.artefact import Artefact
from scoring.models.priors import Priors
from scoring.published.bins import bin_labels


@dataclass(frozen=True)
class Elicited:
    """The expert's word on one feature.

    Attributes:
        feature: its name.
        kind: its block of evidence.
        direction: which way is safer, in words.
        weight_points: from its worst to its best bin, as the expert gave them.
        confidence: high, medium or low.
        cuts: where its bins begin, in the currency's minor unit where it is money; None where the
            expert gave none in this currency.
        bins: the same in words.
        who: whose word it is.
        why: in their words.
        model_points: from its worst to its best bin on a model's card; None where no model was
            named, or the model does without it.
    """

    feature: str
    kind: str
    direction: str
    weight_points: float
    confidence: str
    cuts: tuple[float, ...] | None
    bins: tuple[str, ...]
    who: str
    why: str
    model_points: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def elicited(
    priors: Priors,
    features: Mapping[str, Feature],
    *,
    currency: str,
    model: Artefact | None = None,
) -> list[Elicited]:
    """The expert's scorecard by kind and weight, the heaviest first.

    Args:
        priors: the expert's scorecard.
        features: entries of the catalogue to show; those the expert is silent on are left out.
        currency: of cut points in money.
        model: to show beside it.
    """
    spans = {} if model is None else _spans(model)
    found = []
    for name, feature in features.items():
        prior = priors.features.get(name)
        if prior is None:
            continue
        cuts = prior.cuts_in(currency)
        found.append(
            Elicited(
                feature=name,
                kind=feature.kind.value,
                direction=feature.direction.words,
                weight_points=prior.weight_points,
                confidence=prior.confidence,
                cuts=None if cuts is None else tuple(cuts),
                bins=() if cuts is None else tuple(bin_labels(tuple(cuts), feature, currency)),
                who=priors.who,
                why=prior.why,
                model_points=spans.get(name),
            )
        )
    kinds = list(dict.fromkeys(entry.kind for entry in found))
    return sorted(
        found, key=lambda entry: (kinds.index(entry.kind), -entry.weight_points, entry.feature)
    )


def as_html(entries: Sequence[Elicited], *, title: str, with_model: bool) -> str:
    """The table as one page that loads nothing from elsewhere."""
    heads = ["Feature", "Direction", "Points, worst to best", "Confidence", "Bins", "Why", "Who"]
    if with_model:
        heads.insert(3, "On the model's card")
    rows = []
    for entry in entries:
        cells = [
            entry.feature,
            entry.direction,
            f"{entry.weight_points:g}",
            entry.confidence,
            "; ".join(entry.bins) or "none in this currency",
            entry.why,
            entry.who,
        ]
        if with_model:
            cells.insert(3, "" if entry.model_points is None else str(entry.model_points))
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>body{{font:15px/1.5 system-ui,sans-serif}}"
        "table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;"
        "padding:.3rem .7rem .3rem 0;border-bottom:1px solid #dfe3e6}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n<table><thead><tr>{head}</tr></thead>\n<tbody>\n"
        + "\n".join(rows)
        + "\n</tbody></table></body></html>\n"
    )


def _spans(model: Artefact) -> dict[str, int]:
    return {
        feature.name: max(feature.points) - min(feature.points) for feature in model.points.features
    }
