"""From a choice to the drawn chart, and from a scroll to the rows, in Chromium on a large database.

On the overview a range, or another account, is chosen, and the frame waited for that has its chart painted; each choice
is one that nobody has made before, so that no cache has its answer. In the list of threads the grid is scrolled by a
block of rows that it has not read, and the frame waited for in which every row in view has its thread. The controls, on
the same pages in the same run: a press that changes a colour; a range in which nothing was used, which takes the same
way without figures; and a scroll over rows that are there already.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import harness
from benchmarks.generator import account_id, generated, rows_of, size_of
from tests.browser.chrome import chrome
from tests.browser.tab import Tab

CHART_MS, ROWS_MS = 300, 150  # the targets, for the medians
RANGES = ("7d", "90d", "30d", "12mo", "last-month", "month")
BLOCK = 100  # rows of a block of the list
EMPTY = date(2015, 1, 1)  # long before the first call
ANSWER_SECONDS = 60

# A message that is posted in a frame arrives after its paint.
PAINTED = """
    window.painted = (run) => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => run(performance.now());
        channel.port2.postMessage(null);
    });
"""
PRESS = """
    const done = arguments[arguments.length - 1];
    const heading = document.querySelector("h1");
    const recolour = () => { heading.style.color = heading.style.color ? "" : "inherit"; };
    heading.addEventListener("click", recolour, {once: true});
    const began = performance.now();
    heading.click();
    painted((at) => done(at - began));
"""
# Until the chart is drawn that is of another view than the one before, or its card says that nothing was used.
CHOOSE = """
    const [button, changes, done] = arguments;
    const card = document.getElementById("overview-credits");
    const graph = card.querySelector(".js-plotly-plot");
    const before = graph.layout.uirevision;
    const began = performance.now();
    const finish = (what) => {
        observer.disconnect();
        graph.removeListener("plotly_afterplot", drawn);
        painted((at) => done([what, at - began]));
    };
    const drawn = () => { if (graph.layout.uirevision !== before) finish("drawn"); };
    const observer = new MutationObserver(() => { if (card.dataset.state === "empty") finish("empty"); });
    observer.observe(card, {attributes: true, attributeFilter: ["data-state"]});
    graph.on("plotly_afterplot", drawn);
    if (changes) dash_clientside.view.choose(changes);
    else document.getElementById(button).click();
"""
SCROLL = """
    const [row, done] = [arguments[0], arguments[arguments.length - 1]];
    const grid = document.getElementById("threads-grid");
    const viewport = grid.querySelector(".ag-body-viewport");
    const height = grid.querySelector(".ag-center-cols-container .ag-row").offsetHeight;
    const began = performance.now();
    viewport.scrollTop = row * height;
    const look = () => {
        const {top, bottom} = viewport.getBoundingClientRect();
        const rows = [...grid.querySelectorAll(".ag-center-cols-container .ag-row")].filter((one) => {
            const box = one.getBoundingClientRect();
            return box.bottom > top + 1 && box.top < bottom - 1;
        });
        const reached = rows.some((one) => Number(one.getAttribute("row-index")) === row);
        if (reached && rows.every((one) => one.querySelector(".thread-link"))) painted((at) => done(at - began));
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
"""

Samples = dict[str, list[float]]  # milliseconds, by what was done


def main() -> int:
    options = read_options()
    with ExitStack() as stack:
        url, shape = stack.enter_context(generated(options.rows, options.keep))
        address = stack.enter_context(harness.serving(url))
        profile = Path(stack.enter_context(TemporaryDirectory(prefix="creditpulse-bench-")))
        tab = Tab(stack.enter_context(chrome(profile)), address)
        tab.driver.set_script_timeout(ANSWER_SECONDS)
        tab.before_pages(PAINTED)
        charts = draw_charts(tab, options.accounts)
        rows = scroll_rows(tab, min(options.blocks, shape.threads // BLOCK - 2))
    report(options, charts, rows)
    return 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=rows_of, default=rows_of("10M"), help="calls in the database (default: 10M)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="folder that databases stay in for reuse")
    parser.add_argument(
        "--accounts", type=int, default=4, help="whose ranges are chosen, besides everybody's (default: 4)"
    )
    parser.add_argument("--blocks", type=int, default=40, help="of the list, scrolled to (default: 40)")
    return parser.parse_args()


def draw_charts(tab: Tab, accounts: int) -> Samples:
    """Each range once for everybody and for each of the busiest accounts; empty ranges and presses in between."""
    samples: Samples = {"press": [], "empty range": [], "range of all accounts": [], "range of one account": []}
    empty = EMPTY
    for scope in ("all", *(str(account_id(number + 1)) for number in range(accounts))):
        tab.open(f"/?scope={scope}&range=today&zone=America/New_York")
        settle(tab)
        for preset in RANGES:
            choose(tab, samples, f"range of {'all accounts' if scope == 'all' else 'one account'}", preset=preset)
            samples["press"].append(measured(tab, PRESS))
        for _ in range(len(RANGES) // 2):
            empty += timedelta(days=40)
            choose(tab, samples, "empty range", range="custom", **{"from": str(empty), "to": str(empty)})
    return samples


def choose(tab: Tab, samples: Samples, name: str, *, preset: str = "", **changes: str) -> None:
    """A preset by its button, or a range of one's own; what turns out otherwise than it should counts for nothing."""
    what, milliseconds = tab.driver.execute_async_script(CHOOSE, f"view-preset-{preset}", changes or None)
    if what == ("empty" if changes else "drawn"):
        samples[name].append(milliseconds)
    settle(tab)


def settle(tab: Tab) -> None:
    """Until every part of the overview has its answer: the next choice is made on a page at rest."""
    busy = "return document.querySelectorAll('[data-state=loading], [data-state=stale]').length"
    tab.until(lambda: tab.find_all("#overview-credits .js-plotly-plot"), "the chart")
    tab.until(lambda: tab.script(busy) == 0, "the overview at rest", ANSWER_SECONDS)


def scroll_rows(tab: Tab, blocks: int) -> Samples:
    """Down by a block at a time, and up and down again over what was just read."""
    samples: Samples = {"rows that are there": [], "rows not read yet": []}
    tab.open_threads("?zone=America/New_York")
    tab.until(lambda: tab.find_all("#threads-grid .thread-link"), "the list")
    for number in range(1, blocks + 1):
        row = number * BLOCK + BLOCK // 2
        samples["rows not read yet"].append(measured(tab, SCROLL, row))
        for back in (row - 25, row):
            samples["rows that are there"].append(measured(tab, SCROLL, back))
    return samples


def measured(tab: Tab, script: str, *values: Any) -> float:
    return float(tab.driver.execute_async_script(script, *values))


def report(options: argparse.Namespace, charts: Samples, rows: Samples) -> None:
    lines = [
        *lines_of(charts, "press", {}),
        *lines_of(charts, "empty range", {"range of all accounts": CHART_MS, "range of one account": CHART_MS}),
        *lines_of(rows, "rows that are there", {"rows not read yet": ROWS_MS}),
    ]
    title = f"{size_of(options.rows)} calls: from a choice to the painted chart, from a scroll to the painted rows"
    harness.show(title, ("", "times", "median ms", "p95 ms", "of the control", "limit ms", "target"), lines)
    print(harness.machine())


def lines_of(samples: Samples, control: str, limits: Mapping[str, int]) -> list[tuple[object, ...]]:
    """The control's line, then those that are measured against it."""
    base = median(samples[control])
    lines: list[tuple[object, ...]] = [(f"control: {control}", *timed(samples[control]), "", "", "")]
    for name, most_ms in limits.items():
        middle = median(samples[name])
        met = harness.verdict(middle <= most_ms)
        lines.append((name, *timed(samples[name]), f"{middle / base:.1f} ×", most_ms, met))
    return lines


def timed(times: Sequence[float]) -> tuple[object, ...]:
    return len(times), f"{median(times):.0f}", f"{harness.percentile(times, 0.95):.0f}"


if __name__ == "__main__":
    sys.exit(main())
