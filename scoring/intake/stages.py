"""What becomes of a file, stage by stage.

opened      containers/   what the file is, by its content: sheets of cells
recognised  recognition/  which format it is in
read        formats/      its rows, in the plain form of their kind
checked     checking/     every cell, once; from here on rows come in batches
matched     matching/     whose each row is, and of which loan, sale or session; else it waits
settled     settling/     what the file repeats, changes and gives back, beside what is on file
stored      storing/      new records appended, changed ones superseded
told        telling/      the receipt

`importing.py` asks for the first four; the others are listed here in their order. Each takes a
batch and hands it on, with what it found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from scoring.intake.batch import Batch
from scoring.intake.current_import import CurrentImport
from scoring.intake.learned_at import Learned
from scoring.intake.matching.loans import MatchLoans
from scoring.intake.matching.people import MatchPeople
from scoring.intake.matching.quarantine import RESOLVED, KeepWaiting, as_batch, end_of_waiting
from scoring.intake.matching.sales import MatchSales
from scoring.intake.matching.sessions import MatchSessions
from scoring.intake.settling.decisions import PastDecisions
from scoring.intake.settling.loan_doubts import LoanDoubts
from scoring.intake.settling.records import SettleRecords
from scoring.intake.settling.refunds import SettleRefunds
from scoring.intake.storing.releasing import ReleaseWaiting
from scoring.intake.storing.writing import Progress, StoreRecords
from scoring.intake.telling.tally import Tally
from scoring.notices.queueing import Cause, queue_notices_of_step
from scoring.parties.founders import find_founder
from scoring.store.database import Database
from scoring.store.ledger import Ledger
from scoring.store.tables import Import, QuarantinedRow

Stage = Callable[[Batch], Batch]


def stages_of(current: CurrentImport, progress: Progress | None = None) -> tuple[Stage, ...]:
    """The stages of one import that a checked batch goes through, in order."""
    decisions = PastDecisions(current)
    release = partial(
        release_rows,
        current.database,
        current.ledger,
        founder=None,
        file=current.file,
        author=current.author,
    )
    return (
        MatchPeople(current),
        MatchLoans(current),
        MatchSales(current),
        MatchSessions(current),
        KeepWaiting(current),
        SettleRecords(current, decisions),
        SettleRefunds(current, decisions),
        StoreRecords(current, progress),
        ReleaseWaiting(current, release),
    )


def take_in(
    current: CurrentImport, batches: Iterable[Batch], progress: Progress | None = None
) -> Tally:
    """Take the batches of an import through its stages.

    Returns:
        What the import came to.

    Raises:
        FileError: the rows contradict what is on file, or each other.
    """
    tally, stages = Tally(), stages_of(current, progress)
    for batch in batches:
        for stage in stages:
            batch = stage(batch)
        tally.add(batch)
    tally.hold(LoanDoubts(current).settle(tally.loans))
    if tally.corrected:
        queue_notices_of_step(current.ledger, Cause.FILE)
    return tally


def release_rows(
    database: Database,
    ledger: Ledger,
    rows: Sequence[QuarantinedRow],
    *,
    founder: str | None,
    file: str,
    author: str,
) -> Tally:
    """Store rows that waited, in the name of the import that they came with.

    Args:
        database: the store.
        ledger: the open transaction.
        rows: of one kind and import.
        founder: whose they are, where that is what they waited for.
        file: what they are called in messages.
        author: who lets them go on.

    Raises:
        FileError: they contradict what is on file.
    """
    end_of_waiting(
        ledger,
        rows,
        outcome=RESOLVED,
        reason="what it waited for is known",
        author=author,
        founder_id=None if founder is None else find_founder(ledger.session, founder).id,
    )
    own = ledger.session.get_one(Import, rows[0].import_id)
    current = CurrentImport(
        database=database,
        ledger=ledger,
        file=file,
        import_id=own.id,
        source=own.source,
        learned=Learned.parse(own.learned),
        author=author,
        may_wait=True,
    )
    return take_in(current, [as_batch(file, rows, founder)])
