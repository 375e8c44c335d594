"""The one family of errors, each saying what was wrong, where, and what to do.

FootholdError
├── InputError               something given can't be used
│   ├── FileError            a file that can't be imported: file, row, column
│   ├── SeveralCurrenciesError   amounts that belong together are in several currencies
│   └── ImportedForAnotherError  a file that was imported for another before
├── NotFoundError            no such founder, lender, model or score
├── ConflictError            the state forbids it (already there, already withdrawn)
├── ConsentError             no valid consent: no score
├── UnavailableError         the database is busy or can't be reached
├── EngineError              an engine that was asked for is not installed
├── FourEyesError            the same person may not do both
├── ModelError               a model that can't be trained, read or served
│   └── NoChampionError      nothing was promoted yet
└── IntegrityError           a digest, an audit chain or a replay does not match
"""

from __future__ import annotations

from collections.abc import Sequence


class FootholdError(Exception):
    """Base of all errors that a user can do something about."""


class InputError(FootholdError):
    """A value given by a user or a program can't be used."""


class FileError(InputError):
    """A file can't be imported; nothing of it was stored.

    Args:
        file: name of the file, without folders.
        problem: what is wrong, as a sentence without a full stop.
        row: line of the file, the header being line 1.
        column: name of the column.
        remedy: what the reader should do.
        further: how many problems more the file has.
    """

    def __init__(
        self,
        file: str,
        problem: str,
        *,
        row: int | None = None,
        column: str | None = None,
        remedy: str = "Correct the file and import it again; rows already known are skipped.",
        further: int = 0,
    ) -> None:
        self.file, self.problem, self.row, self.column = file, problem, row, column
        self.remedy = remedy
        where = file
        if row is not None:
            where += f", row {row}"
        if column is not None:
            where += f', column "{column}"'
        more = f" ({further} more such problems.)" if further else ""
        super().__init__(f"{where}: {problem}.{more}\nNothing was imported. {remedy}")


class SeveralCurrenciesError(InputError):
    """Amounts that belong together are in several currencies.

    Args:
        codes: of the currencies, by ISO 4217.
    """

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = tuple(codes)
        super().__init__(
            f"Amounts that belong together are in {', '.join(codes)}. Nothing is converted: "
            "correct those that are wrong, or keep each currency apart."
        )


class ImportedForAnotherError(InputError):
    """A file was imported before for another founder, programme, lender or source.

    Nothing was stored; whoever imports has to say whether it belongs to both.

    Args:
        file: name of the file, without folders.
        receipt: number of the earlier import.
        differs: in what the earlier import was another's.
    """

    def __init__(self, file: str, *, receipt: int, differs: str) -> None:
        self.file, self.receipt = file, receipt
        super().__init__(
            f"{file}: the same file was imported before, for another: {differs}. See receipt "
            f"{receipt}.\nNothing was imported. If it belongs to both, say --again-for-another "
            "(over HTTP: again_for_another=true). If the receipt is wrong, withdraw it first: "
            f"foothold imports withdraw {receipt}."
        )


class NotFoundError(FootholdError):
    """What was asked for does not exist."""


class ConflictError(FootholdError):
    """The present state forbids the request."""


class ConsentError(FootholdError):
    """There is no consent that allows this use of a founder's records."""


class UnavailableError(FootholdError):
    """The database is busy or can't be reached; the same may work later."""


class EngineError(FootholdError):
    """A calculation engine that was asked for is not installed on this machine."""


class FourEyesError(FootholdError):
    """A second person must do this."""


class ModelError(FootholdError):
    """A model can't be trained, read or served."""


class NoChampionError(ModelError):
    """No model has been promoted, so nothing can be scored."""


class IntegrityError(FootholdError):
    """Stored data do not match their digest, chain or replay."""
