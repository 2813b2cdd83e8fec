"""Where the workers of one port keep their meters, so that whichever of them is asked answers for all.

A file for each process, which Prometheus's library writes and adds up. The folder lives as long as the server: what
one that was killed left behind is removed by the next that starts.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

# The library reads it once, when it is first loaded: so it has to be there before a worker's own imports.
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
LOCK = "lock"


@contextmanager
def shared_meters(state_dir: Path) -> Iterator[Path]:
    """A new, empty folder of this server's, named to the processes that it starts meanwhile."""
    everyone = (state_dir / "meters").resolve()
    everyone.mkdir(parents=True, exist_ok=True)
    remove_abandoned(everyone)
    folder = Path(tempfile.mkdtemp(dir=everyone))
    before = os.environ.get(VARIABLE)
    with (folder / "lock.new").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Path(lock.name).rename(folder / LOCK)  # only now others look at it
        os.environ[VARIABLE] = str(folder)
        try:
            yield folder
        finally:
            os.environ.pop(VARIABLE) if before is None else os.environ.update({VARIABLE: before})
            shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(everyone: Path) -> None:
    """Removes the folders whose server is gone: nobody holds their lock. Process numbers would not tell, since
    servers in several containers may share a state folder."""
    for lock_file in everyone.glob(f"*/{LOCK}"):
        with lock_file.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            shutil.rmtree(lock_file.parent, ignore_errors=True)


def bury(folder: Path, pid: int) -> None:
    """What a process that has ended was at: its streams and connections count no more; what it did still does."""
    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
