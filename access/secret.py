"""The key that signs what we hand to browsers: set by the operator, or made once and kept in the state folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from settings import Settings


def secret_key(settings: Settings) -> str:
    """The same at every start, also where several processes start at once."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.state_dir / "secret-key"
    try:
        return written_once(path)
    except FileExistsError:
        return path.read_text().strip()


def written_once(path: Path) -> str:
    """Raises FileExistsError where another process, or an earlier start, has made it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise FileExistsError
    key = secrets.token_urlsafe(48)
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    try:
        os.link(draft, path)  # whole, or not at all
    finally:
        draft.unlink()
    return key
