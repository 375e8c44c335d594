"""`foothold sample --exports DIR`: a folder that explains itself."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sample.cli import app
from sample.exports.written import LAST_DAY
from scoring.base.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sample") / "exports"
    run = CliRunner().invoke(app, ["sample", "--exports", str(made)], catch_exceptions=False)
    assert run.exit_code == 0
    assert "Everybody in these files is invented." in run.output
    return made


def test_the_guide_names_every_file_with_a_command_to_import_it(folder: Path) -> None:
    guide = (folder / "README.txt").read_text(encoding="utf-8")
    assert guide.startswith(
        "Sample exports for trying imports out: everything in them is invented."
    )
    assert str(LAST_DAY) in guide
    commands = [
        shlex.split(line)
        for line in guide.splitlines()
        if re.match(r"\s+(FILE_PASSWORD=\S+ )?foothold (import|people map)", line)
    ]
    named = {word for command in commands for word in command if (folder / word).is_file()}
    written = {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name != "README.txt"
    }
    assert named == written
    assert len(commands) == len(written)


def test_founders_of_the_guide_are_those_of_the_commands(folder: Path) -> None:
    guide = (folder / "README.txt").read_text(encoding="utf-8")
    [added] = re.findall(r"foothold founder add (F-.*)", guide)
    assert set(re.findall(r"--founder (\S+)", guide)) == set(added.split())
    assert "foothold founder add --file people.csv" in guide


def test_the_same_seed_writes_the_same_files(folder: Path, tmp_path: Path) -> None:
    arguments = ["sample", "--exports", str(tmp_path), "--json"]
    run = CliRunner().invoke(app, arguments, catch_exceptions=False)
    files = json.loads(run.stdout)["exports"]["files"]
    assert len(files) >= 36
    for one in files:
        if ".locked." not in one["file"]:  # whose salt is drawn anew
            assert (tmp_path / one["file"]).read_bytes() == (folder / one["file"]).read_bytes()


def test_nothing_is_written_nowhere() -> None:
    with pytest.raises(InputError, match="--exports DIR"):
        CliRunner().invoke(app, ["sample"], catch_exceptions=False)
