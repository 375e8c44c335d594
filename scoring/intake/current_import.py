"""The import that batches belong to: what every stage may ask about it."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.base.keys import KeyPurpose
from scoring.intake.learned_at import Learned
from scoring.store.database import Database
from scoring.store.ledger import Ledger


@dataclass(frozen=True)
class CurrentImport:
    """An import under way, in its transaction.

    Attributes:
        database: the store.
        ledger: the open transaction.
        file: name of the file, for messages.
        import_id: number of the receipt.
        source: where the records come from; part of what names a record.
        learned: when the records are taken as learned.
        author: who imports.
        may_wait: whether rows that refer to a sale or loan that is not on file wait for it; in
            our plain form they are refused, since whoever wrote it can put things in order.
        given_founder: whom the operator named for the file.
    """

    database: Database
    ledger: Ledger
    file: str
    import_id: int
    source: str
    learned: Learned
    author: str
    may_wait: bool
    given_founder: str | None = None

    @property
    def secret(self) -> bytes:
        """The installation's, for hashes."""
        return self.database.settings.key(KeyPurpose.HASHING)
