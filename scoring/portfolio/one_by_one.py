"""Scoring everybody who consents, through the one path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from scoring.base.errors import ConflictError, ConsentError
from scoring.parties.consents import Purpose, founders_with_consent
from scoring.parties.lenders import find_lender
from scoring.score.document import ScoreDocument
from scoring.score.scoring import score_founder
from scoring.store.database import Database

_AT_ONCE = 25  # scores per transaction: an interruption loses at most these


@dataclass(frozen=True)
class PortfolioSummary:
    """How many founders got a score, and how many have too thin a file.

    Attributes:
        scored: with a score.
        insufficient: with too thin a file.
        in_default: in default, and so without a score.
        references: the score's reference by founder reference.
        refused: why there is none, by founder reference: records in another currency, or a
            consent withdrawn a moment ago.
    """

    scored: int
    insufficient: int
    in_default: int
    references: dict[str, str]
    refused: dict[str, str]


def score_portfolio(
    database: Database,
    *,
    lender_reference: str,
    purpose: Purpose,
    as_of: date | None = None,
    actor: str,
    progress: Callable[[str, int, int], None] | None = None,
) -> PortfolioSummary:
    """Score every founder with a valid consent for this lender and purpose.

    One founder's file that can't be scored stops nobody else's.
    """
    with database.reading() as session:
        lender = find_lender(session, lender_reference)
        founders = founders_with_consent(
            session, lender=lender, purpose=purpose, at=database.clock()
        )
    counts: Counter[str] = Counter()
    references: dict[str, str] = {}
    refused: dict[str, str] = {}
    for start in range(0, len(founders), _AT_ONCE):
        with database.writing() as ledger:
            for founder in founders[start : start + _AT_ONCE]:
                try:
                    score = score_founder(
                        ledger,
                        database.settings,
                        founder.reference,
                        lender=lender,
                        purpose=purpose,
                        as_of=as_of,
                        actor=actor,
                    )
                except (ConflictError, ConsentError) as error:
                    refused[founder.reference] = str(error)
                    continue
                references[founder.reference] = score.reference
                counts[ScoreDocument.from_canonical(score.document).result.status] += 1
        if progress is not None:
            progress("scores", min(start + _AT_ONCE, len(founders)), len(founders))
    return PortfolioSummary(
        scored=counts["scored"],
        insufficient=counts["insufficient"],
        in_default=counts["in_default"],
        references=references,
        refused=refused,
    )
