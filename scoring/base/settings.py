"""Settings of one installation, read from the environment (`FOOTHOLD_…`)."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from scoring.base.errors import InputError
from scoring.base.keys import KeyPurpose, derive_key

DEFAULT_ATTENDANCE_CAP = 0.2
"""Share of the score range: that attendance foretells repayment is a hypothesis."""

SECRET_FILE = "secret.key"
_SHORTEST_KEY = 32


class DeploymentProfile(StrEnum):
    """The legal seat of the installation (Korea, Credit Information Act arts. 2, 4-6, 17)."""

    LENDER_INHOUSE = "lender_inhouse"
    LENDER_PROCESSOR = "lender_processor"
    NONFINANCIAL_CB = "nonfinancial_cb"
    RESEARCH_SANDBOX = "research_sandbox"


BLOCKS = ("attendance", "sales", "repayment", "cash_flow")
Names = Annotated[tuple[str, ...], NoDecode]  # written with commas between them, not as JSON


class Settings(BaseSettings):
    """What an operator may set; every field has a default that works on one machine."""

    model_config = SettingsConfigDict(env_prefix="FOOTHOLD_", extra="ignore")

    data_dir: Path = Path("var")
    database_url: str | None = None
    time_zone: str = "Asia/Seoul"
    deployment_profile: DeploymentProfile = DeploymentProfile.RESEARCH_SANDBOX
    secret_key: str | None = Field(default=None, repr=False)
    blocks_off: Names = ()
    features_on: Names = ()
    attendance_cap: float = Field(default=DEFAULT_ATTENDANCE_CAP, gt=0, le=1)

    @field_validator("blocks_off", "features_on", mode="before")
    @classmethod
    def _listed(cls, names: object) -> object:
        if isinstance(names, str):
            return tuple(sorted({name.strip() for name in names.split(",") if name.strip()}))
        return names

    @field_validator("blocks_off")
    @classmethod
    def _known_blocks(cls, names: Names) -> Names:
        unknown = sorted(set(names) - set(BLOCKS))
        if unknown:
            raise ValueError(f'"{unknown[0]}" is none of {", ".join(BLOCKS)}')
        return names

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError) as error:  # ZoneInfo raises either
            raise ValueError(f'"{name}" is no time zone, such as Asia/Seoul') from error
        return name

    @cached_property
    def zone(self) -> ZoneInfo:
        """The installation's time zone: it says when a day ends."""
        return ZoneInfo(self.time_zone)

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the store; SQLite under the data directory unless set."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir.resolve() / 'foothold.db'}"
        scheme, separator, rest = self.database_url.partition("://")
        schemes = {
            "sqlite": "sqlite",
            "postgres": "postgresql+psycopg",
            "postgresql": "postgresql+psycopg",
            "postgresql+psycopg": "postgresql+psycopg",
        }
        if scheme not in schemes or not separator:
            raise InputError(
                "FOOTHOLD_DATABASE_URL must begin with postgresql:// (or sqlite:///); leave it out "
                "for SQLite under FOOTHOLD_DATA_DIR."
            )
        return f"{schemes[scheme]}{separator}{rest}"

    def secret(self) -> bytes:
        """What every key is derived from; made once under the data directory."""
        if self.secret_key:
            return _long_enough(self.secret_key, "FOOTHOLD_SECRET_KEY")
        path = self.data_dir / SECRET_FILE
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            # Written whole and then given its name, so that nobody ever reads a part of it.
            descriptor, written = tempfile.mkstemp(dir=self.data_dir)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
            with suppress(FileExistsError):  # another process made it a moment ago
                os.link(written, path)
            os.unlink(written)
        return _long_enough(path.read_text().strip(), str(path))

    @property
    def has_secret(self) -> bool:
        """Whether there is a secret, or one would be made."""
        return bool(self.secret_key) or (self.data_dir / SECRET_FILE).exists()

    def key(self, purpose: KeyPurpose, generation: int = 0) -> bytes:
        """The installation's key for one purpose (`scoring.base.keys`)."""
        return derive_key(self.secret(), purpose, generation)

    @property
    def secret_words(self) -> str:
        """Where the secret stands, for messages."""
        return "FOOTHOLD_SECRET_KEY" if self.secret_key else str(self.data_dir / SECRET_FILE)


def read_settings() -> Settings:
    """The settings of this installation.

    Raises:
        InputError: one can't be used; says which.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = (
            f"FOOTHOLD_{str(problem['loc'][0]).upper()}: {problem['msg']}"
            for problem in error.errors()
        )
        raise InputError(f"A setting can't be used. {'; '.join(problems)}.") from None


def _long_enough(key: str, where: str) -> bytes:
    if len(key) < _SHORTEST_KEY:
        raise InputError(
            f"The key in {where} is too short to sign with: it needs {_SHORTEST_KEY} characters. "
            "Restore it from your backup; links signed with another key will not open."
        )
    return key.encode()
