"""The scorecard as PMML 4.4: a Scorecard model with an initial score and reason codes.

https://dmg.org/pmml/v4-4/Scorecard.html. Of a feature's attributes the first that is true counts,
so a missing value comes first and bins follow in ascending order, each up to its cut.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from scoring.base.version import code_version
from scoring.features.catalogue import Feature
from scoring.models.artefact import Artefact
from scoring.models.backgrounds import BackgroundKind
from scoring.models.card.points import PointsFeature
from scoring.published.table import TOO_THIN, joined
from scoring.published.variant import CardVariant
from scoring.reasons.ranking import MOST_REASONS

NAMESPACE = "http://www.dmg.org/PMML-4_4"


def scorecard_pmml(
    artefact: Artefact, *, model: str, variant: CardVariant = CardVariant.PLAIN
) -> str:
    """The document. Outputs are `score` and `reason_1` to `reason_4`.

    A reason code is a neutral group of features that cost points against the average (0), the most
    costly first. Evaluators (JPMML and PMML4S do) add up the features of one code, so these are the
    API's reasons for a lender without a cut-off; where fewer groups cost points, they may repeat
    one or name one that cost none.

    Args:
        artefact: the model, its card as `variant` says.
        model: its reference.
        variant: which of its cards.

    Raises:
        ModelError: this version's catalogue lacks one of its features.
    """
    features = artefact.features
    background = BackgroundKind(artefact.scorecard.background_)
    document = _element(
        "PMML",
        _element(
            "Header",
            _element("Application", name="Foothold", version=code_version()),
            description=f"Scorecard {variant.named(model)}. {variant.sentence} Reason codes "
            f"compare with {background.words}, never with applicants at a lender's cut-off. "
            "Values are finished ones, as a score document's `features` has them: ratios already "
            "pulled towards the model's constants, money in minor units of "
            f"{artefact.currency}. Missing where nothing is on file. {TOO_THIN}",
        ),
        _element(
            "DataDictionary",
            *(_data_field(feature) for feature in features.values()),
            numberOfFields=str(len(features)),
        ),
        _element(
            "Scorecard",
            _element("MiningSchema", *(_element("MiningField", name=name) for name in features)),
            _element(
                "Output",
                _output("score", "predictedValue", "continuous", "integer"),
                *(
                    _output(f"reason_{rank}", "reasonCode", "categorical", "string", rank=str(rank))
                    for rank in range(1, MOST_REASONS + 1)
                ),
            ),
            _element(
                "Characteristics",
                *(_characteristic(each, features[each.name]) for each in artefact.points.features),
            ),
            modelName=variant.named(model),
            functionName="regression",
            initialScore=str(artefact.points.base),
            useReasonCodes="true",
            reasonCodeAlgorithm="pointsBelow",
            baselineMethod="mean",
            baselineScore="0",
        ),
        xmlns=NAMESPACE,
        version="4.4",
    )
    ElementTree.indent(document)
    body = ElementTree.tostring(document, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _element(tag: str, /, *children: Element, **attributes: str) -> Element:
    made = Element(tag, attributes)
    made.extend(children)
    return made


def _data_field(feature: Feature) -> Element:
    return _element(
        "DataField",
        name=feature.name,
        displayName=feature.description,
        optype="continuous",
        dataType="double",
    )


def _output(name: str, what: str, optype: str, data_type: str, **more: str) -> Element:
    return _element(
        "OutputField", name=name, feature=what, optype=optype, dataType=data_type, **more
    )


def _characteristic(points: PointsFeature, feature: Feature) -> Element:
    cuts, earned = joined(points)
    predicates = [
        _element("SimplePredicate", field=feature.name, operator="isMissing"),
        *(
            _element("SimplePredicate", field=feature.name, operator="lessOrEqual", value=repr(cut))
            for cut in cuts
        ),
        _element("SimplePredicate", field=feature.name, operator="isNotMissing"),
    ]
    return _element(
        "Characteristic",
        *(
            _element("Attribute", predicate, partialScore=str(score))
            for predicate, score in zip(predicates, (points.missing_points, *earned), strict=True)
        ),
        name=feature.name,
        reasonCode=feature.reason,
    )
