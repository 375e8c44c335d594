"""Kinds of text that several parts of the contract share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
# Texts, so that a reader gets them exactly as the store writes them.
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
