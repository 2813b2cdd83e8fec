"""The errors of Creditpulse.

CreditpulseError            anything we explain to a person in one line
├── UnavailableError        the database (or the cache's server) does not answer
├── MissingRightError       the role we connect with may not do what is needed
├── SchemaError             our schema, or a source table, is not as it has to be
├── NotFoundError           what was asked for is not there, or is not the viewer's
└── InputError              a file, option or address that cannot be used
    └── MisdirectedError    a request by a name that this server does not go by
"""

from __future__ import annotations


class CreditpulseError(Exception):
    """Its text says what is wrong and names the remedy."""


class UnavailableError(CreditpulseError):
    pass


class MissingRightError(CreditpulseError):
    pass


class SchemaError(CreditpulseError):
    pass


class NotFoundError(CreditpulseError):
    """The same for missing and for forbidden, so that nobody can probe for what exists."""


class InputError(CreditpulseError):
    pass


class MisdirectedError(InputError):
    pass


def first_line(error: Exception) -> str:
    """What a driver says, without the statement and its parameters."""
    original = getattr(error, "orig", None) or error
    return str(original).strip().split("\n")[0]
