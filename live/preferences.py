"""What people have chosen, as the messages that their streams are sent."""

from __future__ import annotations

from collections.abc import Collection

import orjson
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from data.engine import on_connection
from data.errors import UnavailableError
from data.preferences import DEFAULTS, preferences_of
from data.wire import preferences_message


async def preferences_messages(engine: AsyncEngine, people: Collection[str]) -> dict[str, bytes]:
    """By person, in one statement. Raises UnavailableError."""
    try:
        found = await on_connection(engine, preferences_of, people)
    except (SQLAlchemyError, OSError) as error:
        raise UnavailableError("the database does not tell what people have chosen") from error
    return {person: orjson.dumps(preferences_message(found.get(person, DEFAULTS))) for person in people}
