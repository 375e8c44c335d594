"""The chain's head lies outside the store: an end that was cut off is found."""

import json
import logging
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from scoring.base.errors import ConflictError, InputError, IntegrityError
from scoring.base.keys import KeyPurpose, derive_key
from scoring.base.settings import Settings
from scoring.parties.founders import add_founders
from scoring.store.anchoring import head_path
from scoring.store.audit import verify_chain
from scoring.store.database import Database, last_recorded
from scoring.store.head import Head, head_of, heads_begun_anew, parse_head, read_head, verify_head
from scoring.store.head_rotation import rotate_head
from scoring.store.keys import generation_of, rotate_key
from tests.conftest import Clock, new_sqlite_store
from tests.shell import Shell
from tests.store.tampering import cut_off


def add(database: Database, *founders: str) -> None:
    with database.writing() as ledger:
        add_founders(ledger, founders, actor="test")


def head_beside(database: Database) -> Head:
    return read_head(head_path(database.settings))


def check(database: Database, head: Head) -> None:
    with database.reading() as session:
        verify_chain(session)
        verify_head(session, head, database.settings, where="The head")


def test_the_head_follows_each_commit_and_only_its_owner_reads_it(database: Database) -> None:
    for number in range(3):
        add(database, f"F-{number}")
        head = head_beside(database)
        with database.reading() as session:
            assert head == head_of(session, database.settings)
        check(database, head)
    path = head_path(database.settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(path.parent.glob(".head-*"))


def test_a_transaction_that_failed_or_only_looked_leaves_the_head_alone(sqlite: Database) -> None:
    add(sqlite, "F-1")
    before = head_path(sqlite.settings).read_bytes()
    with pytest.raises(InputError), sqlite.writing() as ledger:
        add_founders(ledger, ["F-2", "0101234567"], actor="test")
    with sqlite.writing():
        pass
    assert head_path(sqlite.settings).read_bytes() == before


def test_an_end_that_was_cut_off_is_found_on_every_engine(database: Database) -> None:
    add(database, "F-1")
    with database.reading() as session:
        kept = verify_chain(session)
    add(database, "F-2")
    cut_off(database, after=kept)
    with database.reading() as session:
        assert verify_chain(session) == kept  # what is left is a chain
    with pytest.raises(IntegrityError, match=f"ends with event {kept}: its last events were cut"):
        check(database, head_beside(database))


def test_later_commits_do_not_cover_up_an_end_that_was_cut_off(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    add(sqlite, "F-1")
    with sqlite.reading() as session:
        kept = verify_chain(session)
    add(sqlite, "F-2")
    cut_off(sqlite, after=kept)
    with caplog.at_level(logging.WARNING):
        for number in range(5):
            add(sqlite, f"G-{number}")
    assert "audit verify" in caplog.text
    with pytest.raises(IntegrityError, match="was written anew"):
        check(sqlite, head_beside(sqlite))
    rotate_head(sqlite, by="A Person")  # somebody answers for it by name, and the chain tells
    check(sqlite, head_beside(sqlite))
    with sqlite.reading() as session:
        assert len(heads_begun_anew(session)) == 1


def test_a_head_that_is_older_than_the_chain_is_in_order(sqlite: Database) -> None:
    add(sqlite, "F-1")
    older = head_beside(sqlite)
    add(sqlite, "F-2")
    check(sqlite, older)


def test_a_head_never_goes_back_when_commits_come_close(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: add(database, f"F-{number}"), range(24)))
    with database.reading() as session:
        assert head_beside(database).sequence == verify_chain(session)


def test_a_head_that_was_forged_is_told(sqlite: Database) -> None:
    add(sqlite, "F-1")
    head = head_beside(sqlite)
    for forged in (
        replace(head, sequence=1, digest=head.store),
        replace(head, signature="0" * 64),
        replace(head, generation=1),
        replace(head, signature="ü"),
    ):
        with pytest.raises(IntegrityError, match="was not signed with this installation's key"):
            check(sqlite, forged)


def test_the_head_of_another_store_is_told(sqlite: Database, tmp_path: Path, clock: Clock) -> None:
    add(sqlite, "F-1")
    other = new_sqlite_store(
        Settings(data_dir=tmp_path / "other", secret_key=sqlite.settings.secret().decode()), clock
    )
    add(other, "F-2")
    with pytest.raises(IntegrityError, match="head of another store"):
        check(sqlite, head_beside(other))
    other.engine.dispose()


def test_a_missing_head_is_told_and_begun_anew_in_the_open(sqlite: Database) -> None:
    add(sqlite, "F-1")
    path = head_path(sqlite.settings)
    path.unlink()
    with pytest.raises(IntegrityError, match="nothing outside the store says how far"):
        read_head(path)
    again = Database(sqlite.settings, sqlite.clock)
    add(again, "F-2")
    check(again, head_beside(again))
    with again.reading() as session:
        assert len(heads_begun_anew(session)) == 1
    again.engine.dispose()


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"format": "foothold.head/1"}'])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="audit head"):
        parse_head(text, where="This")


def test_a_rotated_head_key_still_checks_heads_of_before(database: Database) -> None:
    add(database, "F-1")
    before = head_beside(database)
    assert rotate_head(database, by="A Person") == 1
    after = head_beside(database)
    assert (before.generation, after.generation) == (0, 1)
    check(database, before)
    check(database, after)
    add(database, "F-2")
    assert head_beside(database).generation == 1


def test_another_secret_is_refused_before_anything_is_written(database: Database) -> None:
    add(database, "F-1")
    other = Database(database.settings.model_copy(update={"secret_key": "x" * 32}), database.clock)
    with database.reading() as session:
        before = last_recorded(session)
    with pytest.raises(ConflictError, match="secret in FOOTHOLD_SECRET_KEY is not the one"):
        other.require_schema()
    with pytest.raises(ConflictError, match="not be recognised"):
        add(other, "F-2")
    with database.reading() as session:
        assert last_recorded(session) == before
    other.engine.dispose()


def test_keys_of_purposes_and_generations_all_differ() -> None:
    secret = b"s" * 64
    keys = [derive_key(secret, purpose, number) for purpose in KeyPurpose for number in range(3)]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 32 and key not in secret for key in keys)
    assert keys == [
        derive_key(secret, purpose, number) for purpose in KeyPurpose for number in range(3)
    ]


def test_the_hashing_key_cannot_be_rotated(sqlite: Database) -> None:
    with pytest.raises(InputError, match="would not be recognised"), sqlite.writing() as ledger:
        rotate_key(ledger, KeyPurpose.HASHING, by="A Person")
    with sqlite.reading() as session:
        assert generation_of(session, KeyPurpose.HASHING) == 0


def test_a_data_folder_that_cannot_be_written_stops_no_commit(
    sqlite: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    add(sqlite, "F-1")
    monkeypatch.setattr(os, "fsync", full)
    with caplog.at_level(logging.WARNING):
        add(sqlite, "F-2")
    assert "No space left" in caplog.text
    monkeypatch.undo()
    with sqlite.reading() as session:
        behind = verify_chain(session) - head_beside(sqlite).sequence
    assert behind == 2
    check(sqlite, head_beside(sqlite))


def test_the_command_line_verifies_prints_and_compares_heads(tmp_path: Path) -> None:
    here = Shell(tmp_path / "data")
    here.json("init")
    assert here.json("audit", "verify")["events"] == 0
    assert "empty yet" in here.refused("audit", "head")
    here.json("founder", "add", "F-1")
    kept = here.run("audit", "head").stdout
    assert json.loads(kept)["sequence"] == here.json("audit", "verify")["events"]
    here.json("founder", "add", "F-2")
    assert here.json("audit", "verify", "--head", kept)["head_given"] is True
    file = tmp_path / "kept.head"
    file.write_text(kept)
    assert "goes on from the head given" in here.run("audit", "verify", "--head", str(file)).stdout
    assert "no file" in here.refused("audit", "verify", "--head", str(tmp_path / "none"))
    newer = here.run("audit", "head").stdout
    database = Database(Settings(data_dir=tmp_path / "data"))
    cut_off(database, after=json.loads(kept)["sequence"])
    assert "cut off" in here.refused("audit", "verify")
    assert "cut off" in here.refused("audit", "head")
    head_path(database.settings).write_text(kept)  # and the head beside the store put back
    here.json("audit", "verify")
    assert "cut off" in here.refused("audit", "verify", "--head", newer)
    (tmp_path / "data" / "secret.key").write_text("y" * 64)
    assert "not the one that this store was begun with" in here.refused("audit", "verify")
    database.engine.dispose()


def test_keys_rotate_by_command_under_a_name(tmp_path: Path) -> None:
    here = Shell(tmp_path / "data")
    here.json("init")
    here.json("founder", "add", "F-1")
    assert here.json("key", "rotate", "links", "--by", "A Person")["generation"] == 1
    assert here.json("key", "rotate", "head", "--by", "A Person")["generation"] == 1
    assert "Give a name" in here.refused("key", "rotate", "head", "--by", " ")
    assert "can't be rotated" in here.refused("key", "rotate", "hashing", "--by", "A Person")
    assert here.json("audit", "verify")["behind"] == 0


def test_a_secret_that_is_gone_is_told_and_none_is_made(tmp_path: Path) -> None:
    here = Shell(tmp_path / "data")
    here.json("init")
    here.json("founder", "add", "F-1")
    secret = tmp_path / "data" / "secret.key"
    secret.unlink()
    for asked in (("founder", "add", "F-2"), ("audit", "verify"), ("founder-link", "F-1")):
        assert "There is no secret at" in here.refused(*asked)
        assert not secret.exists()
