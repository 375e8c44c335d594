"""Whether the process lives; open to all, and says nothing else."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


@router.get("/live")
def read_liveness() -> Health:
    """Whether the process answers."""
    return Health()
