"""Both themes reach WCAG AA: text 4.5:1, parts of controls and charts 3:1."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ASSETS = Path(__file__).parents[2] / "assets"
TOKEN = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
THEMES = {"light": 0, "dark": 1}

TEXT = [
    ("text", "bg"),
    ("text", "surface"),
    ("text", "sunk"),
    ("text", "bad-soft"),
    ("muted", "bg"),
    ("muted", "surface"),
    ("muted", "sunk"),
    ("accent", "surface"),
    ("accent", "accent-soft"),
    ("on-accent", "accent"),
    ("live", "surface"),
    ("live", "live-soft"),
    ("warn", "warn-soft"),
    ("bad", "surface"),
    ("bad", "bad-soft"),
]
PARTS = [("edge", "surface"), ("edge", "bg"), *((f"c{number}", "surface") for number in range(1, 6))]


def tokens(theme: str) -> dict[str, str]:
    found = TOKEN.findall((ASSETS / "tokens.css").read_text())
    return {name: (light, dark)[THEMES[theme]] for name, light, dark in found}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(theme: str, ink: str, ground: str) -> None:
    assert contrast(tokens(theme)[ink], tokens(theme)[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("part", "ground"), PARTS)
def test_parts_can_be_told_from_their_ground(theme: str, part: str, ground: str) -> None:
    assert contrast(tokens(theme)[part], tokens(theme)[ground]) >= 3


def test_colours_are_written_in_the_tokens_alone() -> None:
    for sheet in ASSETS.glob("*.css"):
        if sheet.name != "tokens.css":
            assert not re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(", sheet.read_text()), sheet.name


def test_nothing_is_loaded_from_elsewhere() -> None:
    for asset in ASSETS.iterdir():
        text = asset.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, asset.name
        assert "https://" not in text, asset.name
