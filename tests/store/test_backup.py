"""A backup is whole, of the store as it serves, and is put back with nothing half done."""

import io
import os
import signal
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from scoring.base.errors import ConflictError, InputError, IntegrityError
from scoring.base.settings import Settings
from scoring.parties.consents import Purpose, withdraw_consent
from scoring.parties.founders import add_founders, find_founder
from scoring.parties.lenders import find_lender
from scoring.score.replay import replay_score
from scoring.store import encryption
from scoring.store.anchoring import head_path
from scoring.store.backup import BackedUp, back_up
from scoring.store.database import Database
from scoring.store.encryption import DecryptedReader, EncryptedWriter
from scoring.store.head import read_head, verify_head
from scoring.store.restoring import Restored, restore
from scoring.store.tables import Founder, Score
from scoring.store.verification import verify_store
from tests.builders import a_founder, a_lender, an_expert_model
from tests.store.tampering import tamper

Change = Callable[[tarfile.TarInfo, bytes], tuple[str, bytes] | None]
PASSPHRASE = b"a passphrase of some length"


@pytest.fixture(autouse=True)
def _cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "_COST", 1 << 4)


def backed_up(database: Database, path: Path, passphrase: bytes | None = None) -> BackedUp:
    return back_up(database, path, by="A Person", passphrase=passphrase)


def put_back(folder: Path, path: Path, passphrase: bytes | None = None) -> Restored:
    return restore(
        Settings(data_dir=folder), path, by="A Person", passphrase=passphrase, known=None
    )


def founders(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Founder.reference).order_by(Founder.id)))


def scored(database: Database) -> Score:
    a_lender(database)
    an_expert_model(database)
    return (
        a_founder(database, "F-1").selling(weekly=1000, weeks=30).consenting(to="L-DEMO").scored()
    )


def test_a_restored_store_replays_its_scores_and_verifies(sqlite: Database, tmp_path: Path) -> None:
    score = scored(sqlite)
    (sqlite.settings.data_dir / "challengers").mkdir()
    (sqlite.settings.data_dir / "challengers" / "C-1.joblib").write_bytes(b"a challenger")
    (sqlite.settings.data_dir / "formats.toml").write_text("# none")
    told = backed_up(sqlite, tmp_path / "backup")
    assert set(told.members) == {
        "foothold.db",
        "secret.key",
        "formats.toml",
        "challengers/C-1.joblib",
    }
    assert stat.S_IMODE(told.path.stat().st_mode) == 0o600
    put_back(tmp_path / "new", told.path)
    again = Database(Settings(data_dir=tmp_path / "new"), sqlite.clock)
    again.require_schema()
    with again.reading() as session:
        verify_store(session)
        verify_head(session, read_head(head_path(again.settings)), again.settings, where="It")
        verify_head(session, told.head, again.settings, where="It")
    assert (tmp_path / "new" / "challengers" / "C-1.joblib").read_bytes() == b"a challenger"
    assert replay_score(again, score.reference)["equal"] is True
    left = {path.name for path in (tmp_path / "new").iterdir()}
    assert left >= {"foothold.db", "secret.key", "foothold.head", "formats.toml", "challengers"}
    assert not [name for name in left if name.startswith(".")]
    again.engine.dispose()


def test_what_lies_in_the_write_ahead_log_is_in_the_backup(
    sqlite: Database, tmp_path: Path
) -> None:
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-1"], actor="test")
    wal = Path(f"{sqlite.engine.url.database}-wal")
    assert wal.stat().st_size > 0  # the store's own file does not have it yet
    backed_up(sqlite, tmp_path / "backup")
    put_back(tmp_path / "new", tmp_path / "backup")
    again = Database(Settings(data_dir=tmp_path / "new"))
    assert founders(again) == ["F-1"]
    again.engine.dispose()


WRITE = """
import sys
from scoring.base.settings import Settings
from scoring.store.database import Database
from scoring.parties.founders import add_founders
database = Database(Settings(data_dir=sys.argv[1]))
print("begun", flush=True)
for number in range(100_000):
    with database.writing() as ledger:
        add_founders(ledger, [f"G-{number}"], actor="test")
"""
BACK_UP = """
import os, sys
from scoring.base.settings import Settings
from scoring.store import backup
from scoring.store.database import Database
from pathlib import Path
database = Database(Settings(data_dir=sys.argv[1]))
written = backup.write_archive
def slow(file, members, **told):
    written(file, members, **told)
    file.flush()
    print("begun", flush=True)
    sys.stdin.read()
backup.write_archive = slow
backup.back_up(database, Path(sys.argv[2]), by="A Person", passphrase=None)
"""


def begun(program: str, *arguments: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def ended(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_backup_is_consistent_while_another_process_writes(
    sqlite: Database, tmp_path: Path
) -> None:
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-1"], actor="test")
    writer = begun(WRITE, sqlite.settings.data_dir)
    try:
        for number in range(3):
            told = backed_up(sqlite, tmp_path / f"backup-{number}")
            assert writer.poll() is None
    finally:
        ended(writer)
    put_back(tmp_path / "new", told.path)
    again = Database(Settings(data_dir=tmp_path / "new"))
    assert founders(again)[0] == "F-1"
    with again.reading() as session:
        verify_store(session)
    again.engine.dispose()


def test_a_backup_that_is_killed_leaves_no_file_and_the_store_as_it_was(
    sqlite: Database, tmp_path: Path
) -> None:
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-1"], actor="test")
    process = begun(BACK_UP, sqlite.settings.data_dir, tmp_path / "backup")
    with pytest.raises(ConflictError, match="Another backup"):
        backed_up(sqlite, tmp_path / "other")
    ended(process)
    assert not (tmp_path / "backup").exists()
    with sqlite.reading() as session:
        verify_store(session)
        beside = read_head(head_path(sqlite.settings))
        verify_head(session, beside, sqlite.settings, where="It")
    told = backed_up(sqlite, tmp_path / "backup")  # and what was left is cleared up
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "var"]
    assert list((sqlite.settings.data_dir / ".backup").iterdir()) == []
    put_back(tmp_path / "new", told.path)


def test_a_restore_says_what_is_lost_and_notes_both_heads(sqlite: Database, tmp_path: Path) -> None:
    scored(sqlite)
    told = backed_up(sqlite, tmp_path / "backup")
    with sqlite.writing() as ledger:
        withdraw_consent(
            ledger,
            find_founder(ledger.session, "F-1"),
            lender=find_lender(ledger.session, "L-DEMO"),
            purpose=Purpose.LOAN_APPLICATION,
            actor="founder",
        )
    known = read_head(head_path(sqlite.settings))
    new = Settings(data_dir=tmp_path / "new")
    found = restore(new, told.path, by="A Person", passphrase=None, known=known)
    assert found.lost_events == known.sequence - told.head.sequence == 2
    assert found.lost_from.isoformat() == told.head.at
    again = Database(new, sqlite.clock)
    with again.reading() as session:
        verify_store(session)
        with pytest.raises(IntegrityError, match="a backup was put in the store's place"):
            verify_head(session, known, new, where="The head given")
    again.engine.dispose()


def test_all_links_and_pages_of_before_are_ended_by_a_restore(
    sqlite: Database, tmp_path: Path
) -> None:
    from api.pages.founder.links import LinkSpentError, make_link, open_link, read_link, visit_of

    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-1"], actor="test")
        first, second = (
            make_link(sqlite, ledger, "F-1", base_url="https://here", actor="test") for _ in "ab"
        )
    with sqlite.writing() as ledger:
        page = open_link(sqlite, ledger, read_link(sqlite, first.rsplit("/", 1)[1]))
    put_back(tmp_path / "new", backed_up(sqlite, tmp_path / "backup").path)
    again = Database(Settings(data_dir=tmp_path / "new"), sqlite.clock)
    link = read_link(again, second.rsplit("/", 1)[1])
    with pytest.raises(LinkSpentError), again.writing() as ledger:
        open_link(again, ledger, link)
    with again.reading() as session:
        assert visit_of(again, session, page) is None
    with sqlite.reading() as session:
        assert visit_of(sqlite, session, page) is not None
    again.engine.dispose()


def test_a_restore_overwrites_nothing(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-1"], actor="test")
    told = backed_up(sqlite, tmp_path / "backup")
    with pytest.raises(ConflictError, match="foothold.db is there already"):
        put_back(sqlite.settings.data_dir, told.path)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "secret.key").write_text("z" * 64)
    with pytest.raises(ConflictError, match="secret.key is there already"):
        put_back(tmp_path / "new", told.path)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret.key"]
    with pytest.raises(ConflictError, match="never overwritten"):
        backed_up(sqlite, told.path)


def test_an_encrypted_backup_opens_with_its_passphrase_alone(
    sqlite: Database, tmp_path: Path
) -> None:
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-1"], actor="test")
    told = backed_up(sqlite, tmp_path / "backup", PASSPHRASE)
    content = told.path.read_bytes()
    assert b"SQLite" not in content
    assert sqlite.settings.secret() not in content
    for passphrase, words in ((None, "--passphrase-env"), (b"another passphrase", "not the one")):
        with pytest.raises(InputError, match=words):
            put_back(tmp_path / "new", told.path, passphrase)
        assert not (tmp_path / "new").exists()
    put_back(tmp_path / "new", told.path, PASSPHRASE)
    again = Database(Settings(data_dir=tmp_path / "new"))
    assert founders(again) == ["F-1"]
    again.engine.dispose()


def test_a_backup_whose_secret_is_elsewhere_needs_just_that_one(
    sqlite: Database, tmp_path: Path
) -> None:
    sqlite.settings.secret_key = "k" * 40
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-1"], actor="test")
    told = backed_up(sqlite, tmp_path / "backup")
    assert not told.holds_secret
    with pytest.raises(ConflictError, match="set FOOTHOLD_SECRET_KEY"):
        put_back(tmp_path / "new", told.path)
    wrong = Settings(data_dir=tmp_path / "new", secret_key="w" * 40)
    with pytest.raises(ConflictError, match="not the one that this store was begun with"):
        restore(wrong, told.path, by="A Person", passphrase=None, known=None)
    assert not (tmp_path / "new").exists()
    right = Settings(data_dir=tmp_path / "new", secret_key="k" * 40)
    restore(right, told.path, by="A Person", passphrase=None, known=None)


def _changed(path: Path, change: Change) -> None:
    """Write a backup anew with other files in it."""
    written = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=written, mode="w") as new:
        for entry in old:
            content = old.extractfile(entry)
            assert content is not None
            found = change(entry, content.read())
            if found is not None:
                entry.name, entry.size = found[0], len(found[1])
                new.addfile(entry, io.BytesIO(found[1]))
    path.write_bytes(written.getvalue())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e, c: (e.name, c.replace(b"F-1", b"F-2")), "not what its manifest says"),
        (lambda e, c: None if e.name == "manifest.json" else (e.name, c), "was cut off"),
        (lambda e, c: None if e.name == "secret.key" else (e.name, c), "secret.key in the backup"),
        (lambda e, c: (e.name.replace("secret.key", "../secret.key"), c), "which no backup holds"),
        (lambda e, c: (e.name.replace("secret.key", "/tmp/secret.key"), c), "which no backup"),
        (lambda e, c: (e.name.replace("secret", "challengers/../x"), c), "which no backup holds"),
    ],
)
def test_a_backup_that_was_changed_is_refused_and_nothing_is_written(
    change: Change,
    words: str,
    sqlite: Database,
    tmp_path: Path,
) -> None:
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-1"], actor="test")
    told = backed_up(sqlite, tmp_path / "backup")
    _changed(told.path, change)
    with pytest.raises(IntegrityError, match=words):
        put_back(tmp_path / "new", told.path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "var"]


def test_links_and_files_that_are_none_are_refused(sqlite: Database, tmp_path: Path) -> None:
    path = tmp_path / "backup"
    with tarfile.open(path, "w") as tar:
        entry = tarfile.TarInfo("secret.key")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)
    with pytest.raises(IntegrityError, match="no plain file"):
        put_back(tmp_path / "new", path)
    path.write_bytes(b"nonsense")
    with pytest.raises(InputError, match="no backup"):
        put_back(tmp_path / "new", path)
    assert not (tmp_path / "new").exists()


def test_a_store_whose_end_was_cut_off_is_not_backed_up(sqlite: Database, tmp_path: Path) -> None:
    for name in ("F-1", "F-2"):
        with sqlite.writing() as ledger:
            add_founders(ledger, [name], actor="test")
    tamper(
        sqlite,
        "DELETE FROM founders WHERE id = 2",
        "DELETE FROM audit_events WHERE sequence > 2",
    )
    with pytest.raises(IntegrityError, match="was written anew|cut off"):
        backed_up(sqlite, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_a_store_on_postgresql_is_taken_with_its_own_tools(
    migrated_postgresql_url: str, tmp_path: Path
) -> None:
    database = Database(Settings(data_dir=tmp_path / "var", database_url=migrated_postgresql_url))
    with pytest.raises(InputError, match="pg_dump"):
        backed_up(database, tmp_path / "backup")
    with pytest.raises(InputError, match="pg_restore"):
        restore(database.settings, tmp_path / "backup", by="x", passphrase=None, known=None)
    database.engine.dispose()


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(0, 200_000), max_size=4),
    cut=st.integers(1, 2_000),
    place=st.floats(0, 0.999),
)
def test_what_was_encrypted_comes_back_whole_or_not_at_all(
    sizes: list[int], cut: int, place: float
) -> None:
    plain = b"".join(os.urandom(size) for size in sizes)
    file = io.BytesIO()
    with EncryptedWriter(file, PASSPHRASE) as writer:
        start = 0
        for size in sizes:
            writer.write(plain[start : start + size])
            start += size
    sealed = file.getvalue()
    assert DecryptedReader(io.BytesIO(sealed), PASSPHRASE).read() == plain
    for broken in (sealed[:-cut], sealed + b"x", _flipped(sealed, int(place * len(sealed)))):
        with pytest.raises(InputError):
            DecryptedReader(io.BytesIO(broken), PASSPHRASE).read()


def _flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
