"""The app is killed and started again while agents work on: nothing is lost, nothing counted twice."""

from __future__ import annotations

from pathlib import Path

from tests.faults.conftest import MakeServer, Watch
from tests.faults.replaying import Replaying
from tests.faults.verdict import assert_truthful, await_truth
from tests.servers import run_command, wait_until

KILLS = 3
CALLS = 400
STEP = CALLS // (KILLS + 1)


def test_an_app_killed_three_times_during_a_replay_shows_the_true_figures(
    fault_url: str, make_server: MakeServer, watch: Watch, tmp_path: Path
) -> None:
    server = make_server(fault_url)
    server.await_ready()
    with Replaying(fault_url, tmp_path, CALLS) as replaying:
        page = watch(server, replaying)
        for kill in range(KILLS):
            replaying.play_until((kill + 1) * STEP)
            wait_until(lambda k=kill: replaying.calls > (k + 0.5) * STEP, "the replay to go on", 30)  # type: ignore[misc]
            server.kill()
            server.start()
            wait_until(page.is_live, "the page to be live again")
        replaying.finish()
        await_truth(page, replaying)
        assert_truthful(page, replaying)
    examined = run_command(fault_url, tmp_path, "doctor", "--verify")
    assert examined.returncode == 0, examined.stderr
    assert "every rollup equals the raw tables" in examined.stdout
