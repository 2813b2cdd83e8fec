"""What a fold changed, as the leader announces it, and as streams are told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import orjson

# A message that names more ids than this would cost more to read than to ask again.
MOST_IDS = 200


@dataclass(frozen=True)
class Changes:
    """Ids of threads and accounts; `everything` where nobody knows which. `version` 0 where it is not known."""

    version: int
    threads: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    everything: bool = False

    def merged(self, later: Changes) -> Changes:
        return Changes(
            version=max(self.version, later.version),
            threads=self.threads | later.threads,
            accounts=self.accounts | later.accounts,
            everything=self.everything or later.everything,
        )

    def seen_by(self, accounts: frozenset[str], holders: dict[str, frozenset[str]]) -> Changes:
        """What of it somebody may know who has these accounts; `holders` as `thread_holders` returns it."""
        if self.everything:
            return self
        threads = frozenset(thread for thread in self.threads if holds(accounts, holders.get(thread)))
        return Changes(self.version, threads, self.accounts & accounts)

    @property
    def empty(self) -> bool:
        return not (self.everything or self.threads or self.accounts)

    @cached_property
    def message(self) -> bytes:
        """Encoded on first use, and once for all who are sent this object."""
        if self.everything or len(self.threads) + len(self.accounts) > MOST_IDS:
            return orjson.dumps({"type": "changed", "all": True, "version": self.version})
        return orjson.dumps(
            {
                "type": "changed",
                "accounts": sorted(self.accounts),
                "threads": sorted(self.threads),
                "version": self.version,
            }
        )


def holds(accounts: frozenset[str], holders: frozenset[str] | None) -> bool:
    """Whether somebody with these accounts may see a thread that `holders` have between them."""
    return bool(holders) and holders is not None and holders <= accounts


@dataclass(frozen=True)
class Announcement:
    """One notification of a fold; a fold with many ids comes in several parts, in order."""

    part: int
    changes: Changes

    @classmethod
    def parse(cls, payload: str) -> Self:
        """Raises ValueError for what is no announcement."""
        try:
            fields = orjson.loads(payload)
            return cls(
                int(fields["part"]),
                Changes(
                    int(fields["version"]),
                    frozenset(fields.get("threads", ())),
                    frozenset(fields.get("accounts", ())),
                    bool(fields.get("all", False)),
                ),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not an announcement of a fold: {payload[:80]!r}") from error
