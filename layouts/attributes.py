"""Attributes whose names have a dash, which Python's keywords cannot have."""

from __future__ import annotations

from typing import Any


def attributes(**values: str) -> dict[str, Any]:
    """`attributes(aria_label="Close")` for a component's `**`: `aria-label="Close"`."""
    return {name.replace("_", "-"): value for name, value in values.items()}
