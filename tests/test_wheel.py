"""A wheel, installed where nothing else is, serves, imports and scores."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_wheel_in_a_bare_environment_imports_scores_and_serves(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)],
        check=True,
    )
    (wheel,) = tmp_path.glob("foothold-*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "bare")], check=True)
    pip = [str(tmp_path / "bare/bin/python"), "-m", "pip", "install", "-q"]
    pinned = ["-c", str(ROOT / "requirements.lock")]
    # Without an extra: what training needs beside (pictures, shap) is not there.
    subprocess.run([*pip, *pinned, str(wheel)], check=True)
    foothold = _Command(tmp_path / "bare/bin/foothold", tmp_path)

    foothold("init")
    founder = foothold("founder", "add")["founders"][0]
    foothold("lender", "add", "L-1", "--name", "First Lender")
    foothold("consent", "grant", founder, "--purpose", "loan_application", "--lender", "L-1")
    receipt = foothold("import", str(_sales(tmp_path, founder)), "--learned", "2")
    assert receipt["added"] == 60
    subprocess.run([*pip, *pinned, f"{wheel}[train]"], check=True)  # an analyst's machine
    model = foothold("train", "--by", "Analyst One")["model"]
    foothold("promote", model, "--by", "Analyst Two", "--reason", "first model")
    scored = foothold("score", founder, "--lender", "L-1", "--purpose", "loan_application")
    key = foothold("key", "issue", "L-1")["key"]
    answer = _ask_over_http(foothold, key, founder)
    assert answer["score"] == scored["score"] is not None


class _Command:
    """The installed command, in a folder that has no source beside it."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder
        self.environment = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith("FOOTHOLD_") and k not in {"PYTHONPATH", "VIRTUAL_ENV"}
        } | {"FOOTHOLD_DATA_DIR": str(folder / "data")}

    def __call__(self, *words: str) -> dict[str, Any]:
        done = subprocess.run(
            [str(self.path), *words, "--json"],
            cwd=self.folder, env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def _sales(folder: Path, founder: str) -> Path:
    path = folder / "sales.csv"
    days = [date.today() - timedelta(days=3 + 4 * number) for number in range(60)]
    path.write_text(
        "founder,channel,order_line,ordered_on,quantity,gross,currency\n"
        + "".join(f"{founder},smartstore,O{n},{day},1,35000,KRW\n" for n, day in enumerate(days))
    )
    return path


def _ask_over_http(foothold: _Command, key: str, founder: str) -> dict[str, Any]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [str(foothold.path), "serve", "--port", str(port)],
        cwd=foothold.folder, env=foothold.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/scores",
            data=json.dumps({"founder": founder, "purpose": "loan_application"}).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        for _ in range(300):
            try:
                with urllib.request.urlopen(request) as answer:
                    found: dict[str, Any] = json.load(answer)
                    return found
            except ConnectionRefusedError:
                time.sleep(0.2)
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionRefusedError):
                    raise
                time.sleep(0.2)
        raise AssertionError("It never answered.")
    finally:
        server.terminate()
        server.wait(30)
