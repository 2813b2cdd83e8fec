"""Some of the random sequences of faults; `make test-faults` plays two hundred."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.sequences import run_sequence
from tests.faults.stage import Stage, staged
from tests.faults.verdict import assert_nothing_differs

SEEDS = (62, 162, 196, 197, 202)  # short ones, with every kind of fault among them


@pytest.fixture
def stage(fault_url: str, tmp_path: Path) -> Iterator[Stage]:
    with staged(fault_url, tmp_path) as stage:
        yield stage


def test_pages_are_right_after_random_faults_and_never_wrongly_live(stage: Stage) -> None:
    outcomes = [run_sequence(stage, seed) for seed in SEEDS]
    wrong = [str(outcome) for outcome in outcomes if outcome.faults]
    assert not wrong, "\n".join(wrong)
    assert_nothing_differs(stage.server.url)
