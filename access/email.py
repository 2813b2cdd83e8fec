"""E-mail addresses, in the one spelling by which people are known."""

from __future__ import annotations

import re

LONGEST = 320


def address_of(text: object) -> str | None:
    """In small letters; None for what is no address.

    Only ASCII letters are made small: others have small forms that are ASCII (the Kelvin sign's is a k), so that one
    person's address could become another's.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    email = "".join(letter.lower() if letter.isascii() else letter for letter in text.strip())
    if not email.isprintable() or re.fullmatch(r"[^\s,;<>@\"]+@[^\s,;<>@\"]+", email) is None:
        return None
    return email


def is_among(email: str, entries: frozenset[str]) -> bool:
    """Whether the address, or its `@domain`, is one of the entries."""
    return email in entries or email[email.index("@") :] in entries
