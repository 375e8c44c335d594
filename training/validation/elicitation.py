"""What the experts said, as a scorecard table, beside what outcomes made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from jinja2 import PackageLoader

from scoring.features.catalogue import Feature
from scoring.models.artefact import Artefact
from scoring.models.priors import Priors
from scoring.published.bins import bin_labels
from scoring.published.html import page_environment


@dataclass(frozen=True)
class Elicited:
    """The expert's word on one feature.

    Attributes:
        feature: its name.
        kind: its block.
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


def as_html(entries: Sequence[Elicited], *, title: str, model: str | None) -> str:
    """The table as one page that loads nothing from elsewhere.

    Args:
        entries: in the order of the page.
        title: of the page.
        model: reference of the model whose points stand beside them; None without one.
    """
    environment = page_environment(PackageLoader("training.validation", "."))
    page = environment.get_template("elicited.html")
    return page.render(entries=entries, title=title, model=model)


def _spans(model: Artefact) -> dict[str, int]:
    return {
        feature.name: max(feature.points) - min(feature.points) for feature in model.points.features
    }
