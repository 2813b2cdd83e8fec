"""How a function in `assets/` is wired: by namespace and name, since Dash's own call has no types."""

from __future__ import annotations

from collections.abc import Sequence

from dash import ClientsideFunction, Dash, Input, Output, State


def wire(
    app: Dash,
    namespace: str,
    function: str,
    parts: Sequence[Input | State],
    outputs: Sequence[Output] = (),
    *,
    initial: bool = True,
) -> None:
    """`window.dash_clientside[namespace][function]` with `parts`; without outputs for its effect alone.

    `initial`: also when the page's components are first there. That takes an output: without one, Dash makes no
    initial call for components that came with a page, only for those of the shell.
    """
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction(namespace, function), *outputs, *parts, prevent_initial_call=not initial
    )


def outputs_of(*names: str) -> list[Output]:
    """`outputs_of("nav-live.className", ...)`."""
    parts = [name.rpartition(".") for name in names]
    return [Output(component_id, prop) for component_id, _, prop in parts]
