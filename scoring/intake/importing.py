"""Importing a file: all of it or nothing, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from scoring.base.errors import FileError
from scoring.base.keys import KeyPurpose
from scoring.base.lines import require_line
from scoring.base.settings import Settings
from scoring.intake.batch import Batch
from scoring.intake.checking.accounts import with_hashed_accounts
from scoring.intake.checking.cells import check_cells
from scoring.intake.checking.kept_batches import KeptBatches
from scoring.intake.containers import Container
from scoring.intake.current_import import CurrentImport
from scoring.intake.day_order import DayOrder
from scoring.intake.extract import Extract, Given, Reading
from scoring.intake.formats.declarations import FormatName
from scoring.intake.learned_at import Learned
from scoring.intake.listed import read_list
from scoring.intake.recognition.plain_form import plain_form, read_plain
from scoring.intake.recognition.recognising import read_records
from scoring.intake.stages import take_in
from scoring.intake.telling.earlier_receipts import FileOwner, refuse_file_of_another
from scoring.intake.telling.receipts import Receipt, receipt_of, result_of
from scoring.intake.telling.reporting import Report
from scoring.loans.terms import Product
from scoring.parties.founders import add_founders, find_founder
from scoring.parties.references import REFERENCE, random_reference
from scoring.records.kinds import RecordKind
from scoring.store.audit import append_event
from scoring.store.database import Database
from scoring.store.ledger import Ledger
from scoring.store.tables import Import

DEFAULT_SOURCE = "plain"
# A sheet and a log of the same sessions tell of the same attendance, which counts once.
_SHARED_SOURCES = dict.fromkeys(
    (FormatName.ATTENDANCE_GRID, FormatName.ATTENDANCE_LONG), RecordKind.ATTENDANCE.value
)
Progress = Callable[[str, int, int], None]
Permit = Callable[[Ledger, "Checked"], None]


@dataclass(frozen=True)
class Request:
    """What somebody asks for who imports a file.

    Attributes:
        kind: the record kind of a file in the plain form; found by its columns when None.
        expected: the record kind that the file must tell of, in whatever format; any when None.
        format_name: the format to read it as; found by its content when None.
        founder: reference of the founder whose shop or account the file is of.
        programme: reference of the programme that an attendance sheet is of.
        year: of days that are written without one.
        dates: order of year, month and day in the file, where its days don't show it.
        session_hours: length of a session where the file does not say.
        lender: reference of the lender that a ledger is of.
        product: how the loans of a ledger are repaid that tells no instalments.
        reported_through: the day through which a file of loans tells all that was paid; that of
            the import when None.
        is_partial: whether it tells so of the loans alone that it names, and not of all that its
            source has.
        learned: when its records were learned; on arrival when None.
        source: where the records come from, part of what names them; `plain` for the plain
            form and the format's name for the others when None.
        author: who imports, for the receipt and the audit chain.
        password: of a workbook that has one.
        again_for_another: whether a file that was imported for another founder, programme, lender
            or source before is imported for this one as well; else that is asked.
    """

    kind: RecordKind | None = None
    expected: RecordKind | None = None
    format_name: FormatName | None = None
    founder: str | None = None
    programme: str | None = None
    year: int | None = None
    dates: DayOrder | None = None
    session_hours: float = 2.0
    lender: str | None = None
    product: Product | None = None
    reported_through: date | None = None
    is_partial: bool = False
    learned: Learned | None = None
    source: str | None = None
    author: str = "operator"
    password: str | None = None
    again_for_another: bool = False

    def given(self, today: date, secret: bytes) -> Given:
        """What a format's reader has to know of it."""
        return Given(
            today=today,
            secret=secret,
            founder=self.founder,
            programme=self.programme,
            year=self.year,
            dates=self.dates,
            session_hours=self.session_hours,
            lender=self.lender,
            product=self.product,
        )


def import_file(
    database: Database,
    path: Path,
    *,
    kind: RecordKind | None = None,
    learned: Learned | None = None,
    source: str | None = None,
    author: str = "operator",
    progress: Progress | None = None,
) -> Receipt:
    """Import one file of the plain form, or of any format that needs nothing said beside it."""
    request = Request(kind=kind, learned=learned, source=source, author=author)
    return import_records(database, path, request, progress=progress)


def import_records(
    database: Database, path: Path, request: Request, *, progress: Progress | None = None
) -> Receipt:
    """Import one file; importing it again changes nothing.

    A row whose natural key is known with other values supersedes the known one, learned now;
    a column that the file does not have says nothing.

    Args:
        database: the store.
        path: the file.
        request: what is asked for.
        progress: called with a label, rows done and rows in all.

    Raises:
        FileError: the file can't be used; nothing was stored.
        ImportedForAnotherError: it was imported for another before; nothing was stored.
        InputError: the source's or the author's name can't be used.
        NotFoundError: the founder named is not on file.
    """
    checked = check_file(database, path, request, progress=progress)
    with database.writing() as ledger:
        return store_checked(database, ledger, checked, request, progress)


def preview_records(
    database: Database,
    path: Path,
    request: Request,
    *,
    permit: Permit | None = None,
    progress: Progress | None = None,
) -> Receipt:
    """What importing a file would do, by doing it and taking it back: nothing is stored.

    Args:
        database: the store.
        path: the file.
        request: what is asked for; without a founder, a shop's file is shown as it would be for
            one who has nothing on file yet.
        permit: refuses what whoever imports may not; asked before anything is stored.
        progress: called with a label, rows done and rows in all.

    Raises:
        FileError: the file can't be used.
        ImportedForAnotherError: it was imported for another before.
        NotFoundError: the founder named is not on file.
    """
    # Nobody stands in for the owner of a shop; a sheet that names people never takes that name.
    nobody = random_reference("PREVIEW")
    named = request if request.founder else replace(request, founder=nobody)
    checked = check_file(database, path, named, progress=progress)
    with database.writing() as ledger:
        if permit is not None:
            permit(ledger, checked)
        if not request.founder:
            add_founders(ledger, [nobody], actor=request.author)
        receipt = store_checked(database, ledger, checked, request, progress)
        ledger.session.rollback()
    return replace(receipt, import_id=None)


def preview_without_store(path: Path, request: Request, settings: Settings) -> Receipt:
    """What a file holds, where no store was made yet: shown as for an empty one.

    Raises:
        FileError: the file can't be used.
    """
    with TemporaryDirectory() as folder:
        own = Settings(data_dir=Path(folder), time_zone=settings.time_zone)
        database = Database(own)
        database.migrate()
        founders = {request.founder} if request.founder else set()
        with suppress(FileError):
            founders |= set(read_list(path, required=("founder",))["founder"])
        with database.writing() as ledger:
            fit = [name for name in founders if REFERENCE.fullmatch(name or "")]
            add_founders(ledger, fit, actor=request.author)
        receipt = preview_records(database, path, request)
        database.engine.dispose()
    return receipt


@dataclass(frozen=True)
class Checked:
    """A file that was read through once and is fit to be stored.

    Attributes:
        container: the file.
        reading: what its format says of it.
        batches: its rows, every cell checked.
    """

    container: Container
    reading: Reading
    batches: KeptBatches

    @property
    def is_plain(self) -> bool:
        """Whether it is in our plain form."""
        return self.reading.format == FormatName.PLAIN


def check_file(
    database: Database, path: Path, request: Request, *, progress: Progress | None = None
) -> Checked:
    """Read a file through and check every cell, before anybody else has to wait for it.

    Raises:
        FileError: the file can't be used.
        InputError: the source's or the author's name can't be used.
    """
    if request.source is not None:
        require_line("The source", request.source, longest=64)
    require_line("The name of who imports", request.author, longest=120)
    secret = database.settings.key(KeyPurpose.HASHING)
    container, reading = read_records(
        path,
        request.given(database.today, secret),
        format_name=request.format_name,
        kind=request.kind,
        password=request.password,
        data_dir=database.settings.data_dir,
    )
    reading = _as_expected(request.expected, container, reading)
    checked = Checked(container, reading, KeptBatches())
    for extract in reading.extracts():
        _require_kind(request.expected, checked, extract.kind)
        _require_founder(checked, extract, request)
        cells = check_cells(container.name, extract, today=database.today)
        if extract.kind is RecordKind.ATTENDANCE:
            cells = with_hashed_accounts(cells, secret=secret)
        checked.batches.add(Batch.of(container.name, extract, cells))
        if progress is not None:
            progress("checked", checked.batches.rows, checked.batches.rows)
    if not checked.batches.rows:
        _require_kind(request.expected, checked, None)
    return checked


def _as_expected(kind: RecordKind | None, file: Container, reading: Reading) -> Reading:
    """The reading; of columns that fit several plain forms, in the one that is expected."""
    if kind is None or reading.kind == kind or reading.format != FormatName.PLAIN:
        return reading
    form = plain_form(file, kind)
    return reading if form is None else read_plain(file, form)


def _require_kind(expected: RecordKind | None, checked: Checked, kind: RecordKind | None) -> None:
    """Refuse rows of a kind that nobody expects.

    A ledger of loans has their instalments and payments too.
    """
    reading = checked.reading
    if expected is not None and reading.kind != expected and kind is not expected:
        raise FileError(
            checked.container.name,
            f"tells of {reading.kind}, as {reading.format} files do, and not of {expected}",
            remedy=f"Send it as {reading.kind}.",
        )


def _require_founder(checked: Checked, extract: Extract, request: Request) -> None:
    """Refuse a shop's or an account's file for which nobody said whose it is."""
    if request.founder is not None or checked.is_plain or "founder" not in extract.cells:
        return
    if (extract.cells["founder"] == "").any():
        raise FileError(
            checked.container.name,
            f"is of one founder, as {checked.reading.format} files are, and does not say whose",
            remedy="Say whose it is with --founder REF (over HTTP: the parameter founder).",
        )


def store_checked(
    database: Database,
    ledger: Ledger,
    checked: Checked,
    request: Request,
    progress: Progress | None,
) -> Receipt:
    """Store a file that was checked, in a transaction that is open.

    Raises:
        FileError: it contradicts what is on file, or itself.
        ImportedForAnotherError: it was imported for another before.
        NotFoundError: the founder named is not on file.
    """
    container, reading, rows = checked.container, checked.reading, checked.batches.rows
    own = DEFAULT_SOURCE if checked.is_plain else reading.format
    source = request.source or _SHARED_SOURCES.get(FormatName(reading.format), own)
    learned = request.learned or Learned()
    if request.founder is not None:
        find_founder(ledger.session, request.founder)
    entry = Import(
        file_digest=container.digest,
        kind=reading.kind,
        source=source,
        learned=str(learned),
        author=request.author,
        imported_at=ledger.now,
        format=reading.format,
    )
    ledger.session.add(entry)
    ledger.session.flush()
    current = CurrentImport(
        database=database,
        ledger=ledger,
        file=container.name,
        import_id=entry.id,
        source=source,
        learned=learned,
        author=request.author,
        may_wait=not checked.is_plain,
        given_founder=request.founder,
    )
    told = None if progress is None else lambda label, done: progress(label, done, rows)
    tally = take_in(current, checked.batches, told)
    report = Report(request.reported_through, is_partial=request.is_partial)
    tally.told += report.keep(current, tally)
    owner = FileOwner.of_plain_form(source)
    if not checked.is_plain:
        owner = FileOwner(source, request.founder, tally.programmes, tally.lenders)
    if not request.again_for_another:
        # Last, since a shop's orders are refused outright for another founder.
        refuse_file_of_another(ledger.session, entry, container.name, owner)
    receipt = receipt_of(entry, container, reading, tally)
    ledger.session.add(result_of(entry, receipt))
    ledger.session.flush()
    append_event(
        ledger,
        actor=request.author,
        action="records.imported",
        details={
            "import": entry.id,
            "kind": receipt.kind,
            "rows": receipt.rows,
            **owner.as_details(),
        },
    )
    return receipt
