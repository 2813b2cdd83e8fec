"""The person (or the program) that a read is made for. Every query takes one and returns only what it may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class Viewer:
    """`accounts` are the user ids whose e-mail is this person's; staff see every account."""

    name: str
    staff: bool = False
    accounts: frozenset[UUID] = field(default_factory=frozenset)

    @property
    def key(self) -> str:
        """What cached answers are kept under: people who see the same share them."""
        return "staff" if self.staff else ",".join(sorted(map(str, self.accounts))) or "nobody"


# The live hub reads each value once for all who watch it; who may watch is decided at subscription.
SYSTEM = Viewer("system", staff=True)
