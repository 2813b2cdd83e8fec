"""Random sequences of faults: what holds of every one."""

from __future__ import annotations

from collections import Counter

from tests.faults.plan import BROWSERS, DEAF, MOST_PAGES, Plan, plan

SEEDS = range(300)


def test_a_seed_always_gives_the_same_sequence() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)


def test_whatever_begins_ends_and_nothing_ends_twice() -> None:
    for seed in SEEDS:
        lasting = set()
        for step in plan(seed).steps:
            if step.ends:
                lasting.remove(step.thing)
            elif step.thing[0]:
                assert step.thing not in lasting
                lasting.add(step.thing)
        assert not lasting


def test_every_page_that_something_happens_to_is_there() -> None:
    for seed in SEEDS:
        wanted = plan(seed)
        pages = [len(first) for first in wanted.first]
        for step in wanted.steps:
            if step.page is not None and step.browser is not None:
                assert step.page < pages[step.browser]
            if step.browser is not None:
                pages[step.browser] += (step.what == "open") - (step.what == "close")
        assert all(1 <= count <= MOST_PAGES for count in pages)


def test_nothing_is_loaded_while_nothing_could_be_unless_that_is_wanted() -> None:
    assert not any(loads_in_silence(plan(seed)) for seed in SEEDS)
    assert any(loads_in_silence(plan(seed, offline_loads=True)) for seed in SEEDS)


def loads_in_silence(wanted: Plan) -> bool:
    deaf: set[tuple[str, int | None]] = set()
    for step in wanted.steps:
        if step.what in DEAF:
            (deaf.discard if step.ends else deaf.add)((step.what, step.browser))
        if step.what in ("open", "reload") and any(browser in (None, step.browser) for _, browser in deaf):
            return True
    return False


def test_every_fault_is_met_and_every_browser() -> None:
    steps = [step for seed in SEEDS for step in plan(seed).steps if not step.ends]
    met = Counter(step.what for step in steps)
    assert len(met) == 19
    assert min(met.values()) > len(SEEDS) / 15
    assert {step.browser for step in steps} == {None, *range(BROWSERS)}
