"""The people that files name: found by their e-mail among those there are, or made to go with their rows."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from data.readings import identity
from data.sources import Source
from data.writer import Writer

# Whom a recording names without an e-mail gets an address that can belong to nobody (RFC 2606).
NO_MAIL = "imported.invalid"


def account_ids(writer: Writer, names: Iterable[str]) -> dict[str, UUID]:
    """The id of each person: of whom there is with that e-mail, else the one that the text itself names."""
    found = {name: identity(name) for name in names}
    known = emails(writer, [name for name in found if "@" in name])
    return {name: known.get(name.lower(), account) for name, account in found.items()}


def emails(writer: Writer, addresses: list[str]) -> dict[str, UUID]:
    """The ids of those addresses (in lower case) that people have."""
    if not addresses:
        return {}
    rows: list[TupleRow] = writer.execute(
        "SELECT DISTINCT ON (lower(email)) lower(email), id FROM creditpulse.source_users"
        " WHERE lower(email) = ANY(%s) ORDER BY lower(email), created_at, id",
        ([address.lower() for address in addresses],),
    ).fetchall()
    return dict(rows)


def add_people(writer: Writer, users: Source | None, accounts: dict[str, UUID]) -> None:
    """Makes the rows of those who have none yet, where there is a table of ours or of that kind."""
    if users is None or not {"id", "email"} <= users.columns.keys() or not accounts:
        return
    people = [
        {"id": str(account), "email": name if "@" in name else f"{account}@{NO_MAIL}", "name": name}
        for name, account in accounts.items()
    ]
    columns = ["id", "email"] + (["name"] if "name" in users.columns else [])
    listed = ", ".join(columns)
    writer.execute(
        f"""INSERT INTO public.users ({listed})
        SELECT {listed} FROM jsonb_to_recordset(%s) AS p (id uuid, email text, name text)
        WHERE NOT EXISTS (SELECT FROM creditpulse.source_users u WHERE u.id = p.id)
        ON CONFLICT DO NOTHING""".encode(),  # noqa: S608
        (Jsonb(people),),
    )
