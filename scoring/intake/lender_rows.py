"""What a lender may send: its own loans and applications, of founders who consent to it.

A consent that ended stops new loans and applications. What becomes of those on file is told to
their end all the same: that rests on the contract, and silence would look like arrears.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
from sqlalchemy import select

from scoring.base.errors import ConsentError, FileError
from scoring.intake.batch import Batch
from scoring.intake.extract import PERSON
from scoring.intake.importing import Checked, Request
from scoring.intake.matching.founders import Founders
from scoring.intake.matching.loans import REFERS_TO
from scoring.intake.matching.people import owners_of
from scoring.intake.problems import Problem
from scoring.parties.consents import valid_consents
from scoring.parties.readable import readable_by
from scoring.parties.scopes import LenderScope
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.key_chunks import key_chunks
from scoring.store.ledger import Ledger
from scoring.store.tables import Application, Consent, Founder, Loan

LENDER_KINDS = frozenset(
    {
        RecordKind.LOANS,
        RecordKind.SCHEDULE,
        RecordKind.REPAYMENTS,
        RecordKind.LOAN_EVENTS,
        RecordKind.APPLICATIONS,
        RecordKind.OUTCOMES,
    }
)
_NO_CONSENT = "is of nobody who has given you a consent that stands"
_REMEDY = "Ask the founder for consent, or leave such rows out and send the others."


class NotConsentingError(FileError, ConsentError):
    """A row is of nobody who has consented to its sender.

    Unknown founders and those without consent are told alike: a lender may not find out who is
    on file.
    """


@dataclass(frozen=True)
class LenderRows:
    """The rights of one lender over one file, asked in the transaction that stores it.

    Attributes:
        scope: of the lender that sends.
        request: what is asked for, in the lender's name.
        secret: the installation's, for finding people by how the file names them.
    """

    scope: LenderScope
    request: Request
    secret: bytes

    def permit(self, ledger: Ledger, checked: Checked) -> None:
        """Refuse a file with any row that is not the lender's to send.

        Raises:
            NotConsentingError: a new loan or application is of nobody who consents to the lender.
            FileError: a row is of another lender, or refers to what this one has not sent.
        """
        file = checked.container.name
        rights = _Rights(self, ledger, file, _consenting(ledger, self.scope), Founders(ledger))
        if self.request.founder not in {None, *rights.consenting.values()}:
            raise NotConsentingError(file, _NO_CONSENT, remedy=_REMEDY)
        for batch in checked.batches:
            rights.require(batch)


@dataclass
class _Rights:
    asked: LenderRows
    ledger: Ledger
    file: str
    consenting: dict[int, str]
    founders: Founders
    # References of loans and applications: on file, and earlier in the file.
    _owned: dict[type[Loan] | type[Application], set[str]] = field(default_factory=dict)

    def require(self, batch: Batch) -> None:
        if batch.kind not in LENDER_KINDS:
            raise FileError(self.file, f"tells of {batch.kind}, which is not a lender's to send")
        if batch.kind in REFERS_TO:
            self._require_own(batch)
        else:
            self._require_named(batch)

    def _require_named(self, batch: Batch) -> None:
        """Loans and applications: of this lender, and of founders who consent to it."""
        cells = batch.checked
        others = cells.index[cells["lender"] != self.asked.scope.lender.reference]
        words = f"is not {self.asked.scope.lender.reference}, and you can send your own alone"
        batch.refuse([Problem(int(at), "lender", words) for at in others])
        owners = self._owners(cells)
        named = next((name for name in PERSON if name in cells), "founder")
        name, table = FORMS[batch.kind].key[0], _TABLES[batch.kind]
        is_new = ~cells[name].isin(self._owned_by(table, cells[name]))
        self._require_consent(batch, named, owners[is_new])
        self._sent(table).update(cells[name])

    def _require_own(self, batch: Batch) -> None:
        """What belongs to a loan or an application: to one that this lender has sent."""
        name, table = REFERS_TO[batch.kind]
        references = batch.checked[name]
        strange = references.index[~references.isin(self._owned_by(table, references))]
        words = f"is no {name} that you have sent; send the {table.__tablename__} first"
        batch.refuse([Problem(int(at), name, words) for at in strange])

    def _require_consent(self, batch: Batch, column: str, owners: pd.Series[str]) -> None:
        lacking = owners.index[~owners.isin(list(self.consenting.values()))]
        if len(lacking):
            row, header = batch.extract.place(int(lacking.min()), column)
            raise NotConsentingError(
                self.file,
                _NO_CONSENT,
                row=row,
                column=header,
                remedy=_REMEDY,
                further=len(lacking) - 1,
            )

    def _owners(self, cells: pd.DataFrame) -> pd.Series[str]:
        if not any(name in cells for name in PERSON):
            return cells["founder"]
        said = cells if "founder" in cells else cells.assign(founder="")
        return owners_of(
            self.ledger,
            said,
            source=self.asked.scope.actor,
            key=self.asked.secret,
            given=self.asked.request.founder,
            founders=self.founders,
        ).founders

    def _sent(self, table: type[Loan] | type[Application]) -> set[str]:
        return self._owned.setdefault(table, set())

    def _owned_by(
        self, table: type[Loan] | type[Application], references: pd.Series[str]
    ) -> set[str]:
        """References of the lender's loans or applications, those of the file so far among them."""
        owned = self._sent(table)
        for some in key_chunks(set(references) - owned):
            on_file = select(table.reference).where(
                readable_by(self.asked.scope, table),
                table.superseded_recorded_at.is_(None),
                table.reference.in_(some),
            )
            owned |= set(self.ledger.session.scalars(on_file))
        return owned


_TABLES: dict[RecordKind, type[Loan] | type[Application]] = {
    RecordKind.LOANS: Loan,
    RecordKind.APPLICATIONS: Application,
}


def _consenting(ledger: Ledger, scope: LenderScope) -> dict[int, str]:
    """Everybody who gave the lender a consent that stands, for whatever purpose."""
    ids = valid_consents(ledger.now).where(readable_by(scope, Consent))
    founders = select(Founder.id, Founder.reference).where(
        Founder.id.in_(ids.with_only_columns(Consent.founder_id))
    )
    return {row.id: row.reference for row in ledger.session.execute(founders)}
