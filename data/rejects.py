"""The records that could not be taken, kept in a file beside their own, each with the reason."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from data.errors import InputError


class Rejects:
    """Writes `FILE.rejected.csv`, which there is only once something was rejected.

    A record's own cells follow its number and the reason, so that a corrected copy can be read again. `path`
    is where the file is, None while there is none.
    """

    def __init__(self, source: Path, header: Sequence[str]) -> None:
        self.source = source
        self.header = header
        self.count = 0
        self.path: Path | None = None
        self.file: IO[str] | None = None
        self.writer: Any = None

    def add(self, position: int, reason: str, cells: Sequence[str]) -> None:
        """Raises InputError where neither the file's folder nor the working folder can be written."""
        if self.file is None:
            self.file = self.created()
            self.writer = csv.writer(self.file)
            self.writer.writerow(["row", "reason", *(self.header or ["record"])])
        self.count += 1
        self.writer.writerow([position, reason, *cells])

    def created(self) -> IO[str]:
        name = f"{self.source.name}.rejected.csv"
        # Recordings may lie where only their owner writes.
        for path in (self.source.with_name(name), Path(name)):
            with suppress(OSError):
                file = path.open("w", newline="", encoding="utf-8", errors="replace")
                self.path = path
                return file
        raise InputError(
            f"{name} cannot be written beside {self.source}, nor in the working folder; "
            "run the command in a folder of yours, since rejected rows are kept there"
        )

    def __enter__(self) -> Rejects:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self.file is not None:
            self.file.close()
