"""One definition of each figure: its name, unit and meaning, and how parts make a whole."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from pathlib import Path

from data.metrics import METRICS, NOTHING, SUM, Figures

DOCS = Path(__file__).parents[2] / "docs" / "figures.md"


def test_figures_add_up_exactly() -> None:
    part = Figures(Decimal("0.000001"), 1, 2, 3, 1)
    assert part + NOTHING == part
    assert sum([part] * 3, NOTHING) == Figures(Decimal("0.000003"), 3, 6, 9, 3)


def test_every_figure_of_calls_is_defined_and_adds_up() -> None:
    for field in fields(Figures):
        assert METRICS[field.name].summed == SUM


def test_every_metric_says_what_it_means_on_one_line() -> None:
    for key, metric in METRICS.items():
        assert metric.key == key
        assert metric.description.endswith(".")
        assert "\n" not in metric.description


def test_the_documentation_defines_every_metric_in_the_same_words() -> None:
    documented = " ".join(DOCS.read_text().split())
    for metric in METRICS.values():
        assert metric.description in documented
