"""Which revision of the schema this version needs. Alembic knows too, and takes a fifth of a second to load."""

from __future__ import annotations

from pathlib import Path

VERSIONS = Path(__file__).parent / "migrations" / "versions"


def newest_revision() -> str:
    """Revisions are numbered, and each file is named after its own first: `0004_totals.py`."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))
