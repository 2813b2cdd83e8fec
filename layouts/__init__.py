"""Pure functions from plain values to Dash components."""
