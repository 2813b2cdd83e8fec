"""Figures that are copied, with their exact value, by a click or by Enter: `assets/copy.js` does it."""

from __future__ import annotations

from typing import Any

from layouts.attributes import attributes


def exact(cost: str = "") -> dict[str, Any]:
    """For the `**` of an element that shows a cost: `cost` is in dollars. What has none (yet) copies nothing."""
    return {**pressed("the exact dollars"), **attributes(data_cost=cost)}


def exactly(value: str, what: str = "the exact figure") -> dict[str, Any]:
    """The same for any other value."""
    return {**pressed(what), **attributes(data_exact=value)}


def pressed(what: str) -> dict[str, Any]:
    return {"tabIndex": 0, "role": "button", **attributes(aria_description=f"Copies {what}")}
