"""Settings of one installation, read from the environment (`FOOTHOLD_…`)."""

from __future__ import annotations

import os
import secrets
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class DeploymentProfile(StrEnum):
    """The legal seat of the installation (Korea, Credit Information Act arts. 2, 4-6, 17)."""

    LENDER_INHOUSE = "lender_inhouse"
    LENDER_PROCESSOR = "lender_processor"
    NONFINANCIAL_CB = "nonfinancial_cb"
    RESEARCH_SANDBOX = "research_sandbox"


class Settings(BaseSettings):
    """What an operator may set; every field has a default that works on one machine."""

    model_config = SettingsConfigDict(env_prefix="FOOTHOLD_", extra="ignore")

    data_dir: Path = Path("var")
    database_url: str | None = None
    time_zone: str = "Asia/Seoul"
    deployment_profile: DeploymentProfile = DeploymentProfile.RESEARCH_SANDBOX
    secret_key: str | None = Field(default=None, repr=False)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        ZoneInfo(name)
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
        if scheme in {"postgres", "postgresql"}:
            scheme = "postgresql+psycopg"
        return f"{scheme}{separator}{rest}"

    def secret(self) -> bytes:
        """Key for signing links and hashing buyers; made once under the data directory."""
        if self.secret_key:
            return self.secret_key.encode()
        path = self.data_dir / "secret.key"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:  # another process made it a moment ago
                pass
            else:
                with os.fdopen(descriptor, "w") as file:
                    file.write(secrets.token_hex(32))
        return path.read_text().strip().encode()
