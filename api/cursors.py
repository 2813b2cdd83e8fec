"""Where a listing goes on: a text that means nothing to its bearer, and only fits the filters that it came with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from data.errors import InputError
from data.listing import Key

SIGNATURE_BYTES = 16
NOT_OURS = "The cursor is not one that this listing gave for these filters; start again without a cursor."
# They may change from page to page.
FREE = frozenset({"cursor", "limit"})


@dataclass(frozen=True)
class Cursors:
    """Signed with `secret`, which every process of an installation shares, so that any of them goes on.

    A cursor holds the moment of the first page too: a range such as `7d` stays what it was then.
    """

    secret: str

    def write(self, path: str, filters: Mapping[str, str], now: datetime, after: Key) -> str:
        content = json.dumps([now.isoformat(), list(after)], separators=(",", ":")).encode()
        signed = self.signature(path, filters, content) + content
        return base64.urlsafe_b64encode(signed).decode().rstrip("=")

    def read(self, path: str, filters: Mapping[str, str], cursor: str) -> tuple[datetime, Key]:
        """The moment of the first page, and where it goes on. Raises InputError for what `write` did not write."""
        try:
            signed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise InputError(NOT_OURS) from None
        signature, content = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self.signature(path, filters, content)):
            raise InputError(NOT_OURS)
        now, after = json.loads(content)
        return datetime.fromisoformat(now), tuple(after)

    def signature(self, path: str, filters: Mapping[str, str], content: bytes) -> bytes:
        bound = json.dumps([path, sorted((k, v) for k, v in filters.items() if k not in FREE)]).encode()
        whole = hmac.new(self.secret.encode(), b"cursor\x00" + bound + b"\x00" + content, hashlib.sha256)
        return whole.digest()[:SIGNATURE_BYTES]
