"""Random sequences of faults, with writes going on: `python -m tests.faults.sequences`.

After each, every open page has to show the database's figures within 3 s of the last fault's end; throughout, none may
have said `live` with values that were older than the rules allow, nor have shown a total that never was. What fails is
printed with its seed and everything that happened; `--seed N` plays that one again.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median

from tests.browser.tab import business, credits_text
from tests.faults.plan import Plan, plan
from tests.faults.screens import Screen
from tests.faults.sight_verdict import untrue, wrongly_live
from tests.faults.spending import Spending
from tests.faults.stage import Stage, staged
from tests.faults.verdict import assert_nothing_differs
from tests.postgres import Postgres
from tests.servers import wait_until

RIGHT_SECONDS = 3.0  # from the last fault's end, on a machine that has nothing else to do
ALLOWANCE_SECONDS = 0.5  # likewise, for what is on its way
LOST_SECONDS = 20.0  # a page that is not right by then never will be, for our purposes


@dataclass
class Outcome:
    """`right_seconds` are those of the slowest page, from the last fault's end; `faults` what was wrong."""

    seed: int
    log: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    right_seconds: float = 0.0
    live_pages: int = 0
    pages: int = 0

    def __str__(self) -> str:
        lines = [f"seed {self.seed}:", *(f"  {line}" for line in self.log)]
        return "\n".join([*lines, *(f"  WRONG: {fault}" for fault in self.faults)])


def run_sequence(stage: Stage, seed: int) -> Outcome:
    outcome = Outcome(seed)
    try:
        play(stage, plan(seed, offline_loads=stage.keeps_pages), outcome)
    except AssertionError as error:
        outcome.faults.append(str(error))
    finally:
        stage.restore()
    return outcome


def play(stage: Stage, wanted: Plan, outcome: Outcome) -> None:
    spending = stage.begin(random.Random(wanted.seed), wanted.first)
    began, pause = time.time(), threading.Event()
    note(outcome, stage, began, "begin")
    spending.start()
    try:
        for step in wanted.steps:
            pause.wait(step.pause_seconds)
            stage.play(step)
            note(outcome, stage, began, str(step))
    finally:
        spending.stop()
    ended = time.time()
    await_right(stage, spending, ended, outcome)
    note(outcome, stage, began, f"right after {outcome.right_seconds:.2f} s")
    outcome.pages = len(stage.screens)
    outcome.live_pages = sum(screen.sight.state("nav") == "live" for screen in stage.screens)
    judge(stage, spending, time.time(), outcome)
    outcome.faults = [began_at(fault, began) for fault in outcome.faults]


def note(outcome: Outcome, stage: Stage, began: float, what: str) -> None:
    """What has just been done, and what every page shows at that moment."""
    shown = [" ".join(seen(screen)) for screen in stage.screens]
    outcome.log.append(f"{time.time() - began:6.2f} s  {what:32}  {' | '.join(shown)}")


def seen(screen: Screen) -> Iterator[str]:
    for card in screen.sight.topics:
        yield f"{card}: {screen.sight.state(card)} {screen.sight.cost(card)} ({screen.sight.text(card)})"
    if not screen.visible:
        yield "(hidden)" if screen.thawed else "(frozen)"


def await_right(stage: Stage, spending: Spending, ended: float, outcome: Outcome) -> None:
    """Waits until every page shows the figures that the database has now, longer than it may take."""
    with suppress(AssertionError):
        wait_until(lambda: all(is_right(screen, spending) for screen in stage.screens), "the figures", LOST_SECONDS)
    outcome.right_seconds = time.time() - ended
    for screen in stage.screens:
        if not is_right(screen, spending):
            outcome.faults.append(f"{screen.path} shows {' '.join(seen(screen))}, still after {LOST_SECONDS} s")
    most = RIGHT_SECONDS * business()
    if outcome.right_seconds > most:
        outcome.faults.append(f"the pages were right {outcome.right_seconds:.2f} s after the end; {most:.1f} s are due")


def is_right(screen: Screen, spending: Spending) -> bool:
    """To be read, and exactly."""
    sight = screen.sight
    return all(
        sight.cost(card) == spending.cost(topic) and sight.text(card) == credits_text(spending.cost(topic))
        for card, topic in sight.topics.items()
    )


def judge(stage: Stage, spending: Spending, until: float, outcome: Outcome) -> None:
    allowance = ALLOWANCE_SECONDS * business()
    for number, browser in enumerate(stage.browsers):
        for screen in [*browser.closed, *browser.screens]:
            name = f"browser {number}, {screen.path}"
            wrong = wrongly_live(screen.sight, spending, stage.silences[number], until, allowance)
            found = [*map(str, wrong), *untrue(screen.sight, spending), *screen.complaints]
            outcome.faults += [f"{name}: {fault}" for fault in found]


def began_at(fault: str, began: float) -> str:
    return f"{fault} (the sequence began at {began:.2f})"


@contextmanager
def theatre() -> Iterator[Stage]:
    """A stage with a PostgreSQL of its own."""
    postgres = Postgres()
    with tempfile.TemporaryDirectory(prefix="creditpulse-faults-", ignore_cleanup_errors=True) as folder:
        try:
            postgres.start()
            postgres.make_template()
            url = postgres.make_database("sequences")
            with staged(url, Path(folder)) as stage:
                yield stage
                assert_nothing_differs(url)
        finally:
            postgres.close()


def main() -> int:
    options = read_options()
    seeds = [options.seed] if options.seed is not None else range(options.first, options.first + options.sequences)
    end = time.monotonic() + options.minutes * 60
    outcomes = []
    with theatre() as stage:
        for number, seed in zip(count(1), seeds, strict=False):
            if time.monotonic() > end:
                print(f"stopped after {options.minutes} minutes, before seed {seed}")
                break
            began = time.monotonic()
            outcome = run_sequence(stage, seed)
            outcomes.append(outcome)
            report(outcome, number, time.monotonic() - began, options.seed is not None)
    return summary(outcomes, len(seeds))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--first", type=int, default=1, help="the first one's seed; the others follow (default: 1)")
    parser.add_argument("--seed", type=int, help="only this one, with all that happened")
    parser.add_argument("--minutes", type=float, default=60, help="no sequence begins later (default: 60)")
    return parser.parse_args()


def report(outcome: Outcome, number: int, seconds: float, whole: bool) -> None:
    verdict = "WRONG" if outcome.faults else "right"
    print(
        f"{number:4}  seed {outcome.seed:5}  {verdict} after {outcome.right_seconds:5.2f} s  in {seconds:5.1f} s",
        flush=True,
    )
    if whole or outcome.faults or outcome.right_seconds > RIGHT_SECONDS:
        print(outcome, flush=True)


def summary(outcomes: list[Outcome], wanted: int) -> int:
    """0 where all were played, and nothing was wrong."""
    wrong = [outcome.seed for outcome in outcomes if outcome.faults]
    times = sorted(outcome.right_seconds for outcome in outcomes)
    if times:
        late = sum(seconds > RIGHT_SECONDS for seconds in times)
        print(f"{len(times)} sequences: right after {median(times):.2f} s (median), {times[-1]:.2f} s (most)", end="; ")
        print(f"{late} later than {RIGHT_SECONDS} s; wrong: {wrong or 'none'}")
    return 1 if wrong or len(outcomes) < wanted else 0


if __name__ == "__main__":
    sys.exit(main())
