"""What somebody looks for, out of what they typed or pasted: ids, the start of one, an e-mail address, words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from data.thread_query import search_of
from data.thread_selection import ID_ANYWHERE, id_range

SHORTEST = 2  # signs; one is in almost every name
MOST_IDS = 5  # the address of a page may name a project and its thread
KIND = re.compile(r"(?:account|project)\s+(?=[0-9a-f])", re.IGNORECASE)  # "Account 1a2b3c4d", as we write it
ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+")

IdRange = tuple[UUID, UUID]  # the lowest and the highest id that a text can mean


@dataclass(frozen=True)
class Sought:
    """`words` are what names are compared with; `ids` what ids may be, the same twice for each one given in full."""

    words: str = ""
    ids: tuple[IdRange, ...] = ()

    @property
    def exact(self) -> bool:
        return bool(self.ids) and all(low == high for low, high in self.ids)


def sought(typed: str) -> Sought:
    """In any spelling: ids in capitals or without dashes, web addresses with ids in them, `Ann <ann@example.com>`.

    Nothing for a text that is too short to look for.
    """
    words = search_of(typed)
    if pasted := dict.fromkeys(map(UUID, ID_ANYWHERE.findall(typed))):
        return Sought(words, tuple((one, one) for one in pasted)[:MOST_IDS])
    if len(words) < SHORTEST:
        return Sought()
    begun = id_range(KIND.sub("", words, count=1))
    address = ADDRESS.search(words)
    return Sought(address.group().rstrip(".") if address else words, (begun,) if begun else ())
