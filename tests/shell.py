"""The command line as a person uses it, on a data directory of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from foothold.cli import main

FOOTHOLD = [sys.executable, "-m", "foothold"]


class Shell:
    """Runs `foothold` in this process, which saves every command a second and a half to start."""

    def __init__(self, data_dir: Path) -> None:
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FOOTHOLD_")},
            "FOOTHOLD_DATA_DIR": str(data_dir),
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        out, told, code = io.StringIO(), io.StringIO(), 0
        with (
            patch.dict(os.environ, self.environment, clear=True),
            patch.object(sys, "argv", ["foothold", *arguments]),
            redirect_stdout(out),
            redirect_stderr(told),
        ):
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), told.getvalue())

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run with --json: standard output must be exactly one JSON object."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    def refused(self, *arguments: str) -> str:
        """Run what must fail: a clear message, no traceback, nothing on standard output."""
        done = self.run(*arguments)
        assert done.returncode == 1
        assert done.stderr.startswith("foothold: ")
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        return done.stderr


class ShellOfProcesses(Shell):
    """Runs every command in a process of its own, as an installation does."""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*FOOTHOLD, *arguments], env=self.environment, capture_output=True, text=True
        )
