"""The grids of pages: AG Grid's community part, in our colours, with rows that keep their identity.

Their cells are written by `assets/grid.js`; a column marked secondary gives way on a narrow screen, one marked wide
on any but a wide one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_ag_grid
from dash.development.base_component import Component

Column = dict[str, Any]


def column(
    field: str,
    title: str,
    *,
    flex: int = 1,
    least: int = 80,
    secondary: bool = False,
    wide: bool = False,
    **more: Any,
) -> Column:
    """`flex` is its share of the width left, `least` its smallest width in pixels."""
    return {
        "field": field,
        "headerName": title,
        "flex": flex,
        "minWidth": least,
        "context": {"secondary": secondary, "wide": wide},
        **more,
    }


def number_column(field: str, title: str, written_by: str, *, arguments: str = "params.value", **more: Any) -> Column:
    """Right-aligned figures, as the function of that name in `assets/grid.js` writes them."""
    shown = {"function": f"{written_by}({arguments})"}
    return column(
        field, title, type="rightAligned", valueFormatter=shown, cellClass="ag-right-aligned-cell figures-cell", **more
    )


def grid(grid_id: str, columns: Sequence[Column], *, height: str, **options: Any) -> Component:
    """An empty grid; rows come as `rowData` and by `rowTransaction`, each with its `id`."""
    return made(grid_id, columns, height, options, rowData=[])


BLOCK = 100


def endless_grid(grid_id: str, columns: Sequence[Column], *, height: str, **options: Any) -> Component:
    """A grid whose page gives it a datasource, which brings rows in blocks as they come into view.

    What dash-ag-grid offers for that (`getRowsRequest`) knows one request at a time, and hands the answer to whichever
    was last: two blocks at once would change places.
    """
    blocks = {
        "cacheBlockSize": BLOCK,
        "maxBlocksInCache": 8,
        "maxConcurrentDatasourceRequests": -1,  # the datasource takes care of that
        "infiniteInitialRowCount": 1,
        "rowBuffer": 6,
    }
    return made(grid_id, columns, height, {**blocks, **options}, rowModelType="infinite")


def made(grid_id: str, columns: Sequence[Column], height: str, options: dict[str, Any], **rows: Any) -> Component:
    made: Component = dash_ag_grid.AgGrid(
        id=grid_id,
        className="grid",
        columnDefs=list(columns),
        defaultColDef={
            "sortable": False,
            "suppressMovable": True,
            "resizable": True,
            "suppressHeaderMenuButton": True,
            "sortingOrder": ["desc", "asc", None],
        },
        getRowId="params.data.id",
        dashGridOptions={
            "rowHeight": 36,
            "headerHeight": 32,
            "animateRows": False,
            "suppressCellFocus": False,
            "enableCellTextSelection": True,
            "ensureDomOrder": True,
            "suppressNoRowsOverlay": True,
            "suppressColumnVirtualisation": True,
            "theme": {"function": "creditpulseTheme(themeQuartz)"},
            **options,
        },
        eventListeners={
            "gridSizeChanged": ["fitColumns(params)"],
            "firstDataRendered": ["fitColumns(params)"],
            "cellKeyDown": ["openLink(params)"],
        },
        style={"height": height, "width": "100%"},
        **rows,
    )
    return made
