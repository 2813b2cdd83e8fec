"""What charts in cards are painted with: the tokens of each theme, and the Plotly template made of them.

Their figures name tokens (`--c1`) where a colour belongs; `assets/chart_card.js` puts in the theme's.
"""

from __future__ import annotations

from typing import Any

from layouts.charts import TOKENS_FILE, Tokens, template, tokens


def themes() -> dict[str, dict[str, Any]]:
    """`light` and `dark`: {"tokens", "template"}."""
    found = tokens(TOKENS_FILE.read_text())
    return {name: {"tokens": colours(values), "template": plain_template(values)} for name, values in found.items()}


def colours(values: Tokens) -> Tokens:
    return {name: value for name, value in values.items() if value.startswith("#")}


def plain_template(values: Tokens) -> dict[str, Any]:
    """Without the colours of traces: they name theirs."""
    return {"layout": template(values)["layout"], "data": {}}
