"""By what the tabs of one browser know whether they show the same person's pages, and may share what they are sent."""

from __future__ import annotations

import hashlib
import hmac

from data.viewer import Viewer

BYTES = 16


def tab_key(secret: str, viewer: Viewer) -> str:
    """Of this person with these rights; who reads it learns neither, and can make no other's."""
    text = f"tabs\0{viewer.name}\0{viewer.key}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()[:BYTES].hex()
