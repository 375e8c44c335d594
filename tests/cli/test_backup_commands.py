"""`backup` and `restore` as an operator uses them."""

from pathlib import Path

from tests.shell import Shell

PASSPHRASE = "a passphrase of some length"


def test_a_store_is_backed_up_lost_and_put_back(tmp_path: Path) -> None:
    here, there = Shell(tmp_path / "data"), Shell(tmp_path / "new")
    for shell in (here, there):
        shell.environment["PASSPHRASE"] = PASSPHRASE
        shell.environment["SHORT"] = "short"
    here.json("init")
    here.json("founder", "add", "F-1")
    file, encrypted = str(tmp_path / "backup"), ("--passphrase-env", "PASSPHRASE")
    assert "12 characters" in here.refused("backup", file, "--passphrase-env", "SHORT")
    assert "no folder" in here.refused("backup", str(tmp_path / "none" / "backup"))
    told = here.json("backup", file, *encrypted)
    assert (told["encrypted"], told["holds_secret"]) == (True, True)
    assert "never overwritten" in here.refused("backup", file)
    here.json("founder", "add", "F-2")
    kept = here.run("audit", "head").stdout
    assert "is there already" in here.refused("restore", file, *encrypted)
    assert "encrypted" in there.refused("restore", file)
    assert "no file" in there.refused("restore", str(tmp_path / "none"))
    said = there.run("restore", file, *encrypted, "--head", kept).stdout
    assert "All links and open pages ended" in said
    assert "(2 events)" in said
    assert "Consents withdrawn since are among it" in said
    assert there.json("audit", "verify")["intact"] is True
    assert "a backup was put in" in there.refused("audit", "verify", "--head", kept)
    assert here.json("audit", "verify", "--head", kept)["intact"] is True


def test_a_plain_backup_says_what_it_is(tmp_path: Path) -> None:
    here = Shell(tmp_path / "data")
    here.json("init")
    here.json("founder", "add", "F-1")
    said = here.run("backup", str(tmp_path / "backup")).stdout
    assert "not encrypted" in said
    assert "foothold audit head" in said


def test_a_head_that_is_no_later_than_the_backup_reassures_nobody(tmp_path: Path) -> None:
    here, there = Shell(tmp_path / "data"), Shell(tmp_path / "new")
    here.json("init")
    here.json("founder", "add", "F-1")
    kept = here.run("audit", "head").stdout
    file = str(tmp_path / "backup")
    here.json("backup", file)
    here.json("founder", "add", "F-2")  # lost by the restore, and the head knows nothing of it
    said = there.run("restore", file, "--head", kept).stdout
    assert "it can't tell what came after" in said
    assert "Consents withdrawn since are among it" in said


def test_a_plain_backup_is_not_taken_for_an_encrypted_one(tmp_path: Path) -> None:
    here, there = Shell(tmp_path / "data"), Shell(tmp_path / "new")
    there.environment["PASSPHRASE"] = PASSPHRASE
    here.json("init")
    here.json("founder", "add", "F-1")
    here.json("backup", str(tmp_path / "backup"))
    refused = there.refused("restore", str(tmp_path / "backup"), "--passphrase-env", "PASSPHRASE")
    assert "not encrypted" in refused
    assert not (tmp_path / "new" / "foothold.db").exists()
