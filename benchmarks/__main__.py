"""`python -m benchmarks` runs every benchmark at a length for each day; `python -m benchmarks NAME …` one, in full."""

from __future__ import annotations

import subprocess
import sys

# What is left out in the short runs: ten million calls and more, and minutes of a snapshot.
SHORT = {
    "pixel": ["--inserts", "120"],
    "writers": ["--rounds", "3", "--seconds", "3"],
    "totals": ["--rows", "10000", "1000000"],
    "old_snapshot": [],
    "fanout": [],
    "viewers": ["--seconds", "5", "--most", "500"],
    "soak": ["--hours", "2", "--speed", "240"],
    "pages": ["--rows", "100K", "1M"],
    "raw_chart": ["--rows", "1M"],
    "drawing": ["--rows", "1M", "--accounts", "2", "--blocks", "20"],
    "tabs": ["--tabs", "1", "3", "--uses", "active", "--seconds", "45"],
    "events": ["--seconds", "6"],
    "forecast": [],
}


def main(arguments: list[str]) -> int:
    """0 where every figure could be taken and every total was right; missed targets are in the tables."""
    if arguments and arguments[0] not in SHORT:
        print(f"no benchmark {arguments[0]!r}; there are {', '.join(SHORT)}", file=sys.stderr)
        return 2
    wanted = {arguments[0]: arguments[1:]} if arguments else SHORT
    # Each in a process of its own: none finds what another left.
    failed = [name for name, options in wanted.items() if run(name, options)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(name: str, options: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
