"""Settings that can't be used are told by name; the signing key is never guessable."""

import stat
from pathlib import Path

import pytest

from scoring.base.errors import InputError
from scoring.base.settings import Settings, read_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIME_ZONE", "Mars/Olympus"),
        ("DEPLOYMENT_PROFILE", "bank"),
        ("TIME_ZONE", "../etc"),
        ("BLOCKS_OFF", "sales,salez"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"FOOTHOLD_{name}", value)
    with pytest.raises(InputError, match=f"FOOTHOLD_{name}"):
        read_settings()


def test_blocks_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTHOLD_BLOCKS_OFF", "sales, cash_flow,")
    assert read_settings().blocks_off == ("cash_flow", "sales")


def test_the_signing_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    first = settings.secret()
    assert len(first) == 64
    assert Settings(data_dir=tmp_path / "new").secret() == first
    path = tmp_path / "new" / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("content", ["", "short"])
def test_a_damaged_signing_key_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret.key").write_text(content)
    with pytest.raises(InputError, match="too short"):
        Settings(data_dir=tmp_path).secret()
    with pytest.raises(InputError, match="FOOTHOLD_SECRET_KEY"):
        Settings(data_dir=tmp_path, secret_key="guessable").secret()


def test_the_key_shows_in_no_representation(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="k" * 40)
    assert "k" * 40 not in repr(settings)
    assert "k" * 40 not in str(settings)
