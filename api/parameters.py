"""The parameters of an address: each once, as text that PostgreSQL takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl

from data.errors import InputError

MOST_FIELDS = 60
LONGEST = 2_000  # characters of a value


def parameters(query: bytes, known: Collection[str] | None = None) -> Mapping[str, str]:
    """Those of the query string; empty ones are left out.

    Raises InputError for what cannot be read, and, where it is said what is `known`, for everything else: a filter
    that is misspelt would otherwise return more than was asked for.
    """
    try:
        fields = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise InputError("The query string cannot be read; percent-encode it as UTF-8.") from None
    found: dict[str, str] = {}
    for name, value in fields:
        if known is not None and name not in known:
            raise InputError(f"There is no parameter {name[:60]!r} here; there are {', '.join(sorted(known))}.")
        if name in found:
            raise InputError(f"The parameter {name[:60]!r} is there twice; give it once.")
        if len(value) > LONGEST or "\x00" in value:
            raise InputError(f"The value of {name[:60]!r} is too long, or has a null character in it.")
        found[name] = value
    return {name: value for name, value in found.items() if value}
