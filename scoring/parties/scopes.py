"""Scopes: who asks, as authentication found out, and so what they may read.

A scope is made where somebody's identity was proved and nowhere else: constructors want
`AUTHENTICATED`, which only the modules that authenticate import (a test holds their list).
"""

from __future__ import annotations

from dataclasses import KW_ONLY, InitVar, dataclass
from typing import Final, final

from scoring.store.tables import Lender


@final
class _Authenticated:
    """The proof that whoever makes a scope has authenticated whose it is."""


AUTHENTICATED: Final = _Authenticated()


class _Proved:
    def __post_init__(self, proof: _Authenticated) -> None:
        if proof is not AUTHENTICATED:
            raise TypeError(f"Only authentication makes a {type(self).__name__}.")


@final
@dataclass(frozen=True)
class LenderScope(_Proved):
    """A lender, known by one of its API keys.

    Attributes:
        lender: the lender.
    """

    proof: InitVar[_Authenticated]
    _: KW_ONLY
    lender: Lender

    @property
    def actor(self) -> str:
        """What the lender is called in the audit chain, and as author and source of records."""
        return f"lender:{self.lender.reference}"


@final
@dataclass(frozen=True)
class OperatorScope(_Proved):
    """Somebody who runs programmes and sends what founders have, known by the name of a key.

    Attributes:
        name: that the key was issued to.
    """

    proof: InitVar[_Authenticated]
    _: KW_ONLY
    name: str

    @property
    def actor(self) -> str:
        """What the operator is called in the audit chain, and as author of records."""
        return f"operator:{self.name}"


@final
@dataclass(frozen=True)
class FounderScope(_Proved):
    """A founder, known by a link that was sent to them, or by the session that it opened.

    Attributes:
        founder_id: of the founder.
    """

    proof: InitVar[_Authenticated]
    _: KW_ONLY
    founder_id: int


@final
@dataclass(frozen=True)
class StaffScope(_Proved):
    """Staff of the installation, known by an account that reaches the store itself."""

    proof: InitVar[_Authenticated]


Scope = LenderScope | OperatorScope | FounderScope | StaffScope
Sender = LenderScope | OperatorScope
