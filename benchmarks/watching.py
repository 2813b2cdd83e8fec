"""Viewers by the thousand, as cheap as they can be: what they cost must not hide what the server costs.

Each is a WebSocket, spoken by hand: a frame is taken apart only as far as its newest total of all accounts.
"""

from __future__ import annotations

import asyncio
import re
import time
from array import array
from collections.abc import Iterable, Sequence
from multiprocessing.connection import Connection
from typing import cast

import uvloop

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TOTAL = re.compile(rb'"nav-usage","scope":"all".*?"total_tokens":(\d+)')
PING = 0x9
CLOSE = 0x8
AT_ONCE = 100  # handshakes under way
STALLED_BYTES = 4096  # what a viewer that does not read takes in at most


class Watcher(asyncio.Protocol):
    """Notes when which total came."""

    def __init__(self, path: str, address: str, seen: tuple[array[float], array[int]], stalls: bool) -> None:
        self.request = UPGRADE.format(path=path, address=address).encode()
        self.times, self.totals = seen
        self.stalls = stalls
        self.buffer = b""
        self.upgraded = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self.buffer += data
        if not self.upgraded and not self.upgrade():
            return
        while (frame := self.next_frame()) is not None:
            opcode, payload = frame
            if opcode == PING:
                self.transport.write(pong(payload))
            elif opcode != CLOSE and (found := TOTAL.search(payload)):
                self.times.append(now)
                self.totals.append(int(found[1]))
                self.settle()

    def upgrade(self) -> bool:
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self.ready.set_exception(ConnectionError(head.decode(errors="replace").splitlines()[0]))
            self.transport.abort()
            return False
        self.upgraded, self.buffer = True, rest
        return True

    def settle(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
            if self.stalls:
                self.transport.pause_reading()

    def next_frame(self) -> tuple[int, bytes] | None:
        """A server's frames are not masked."""
        buffer = self.buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1] & 0x7F, 2
        if length == 126:
            length, start = int.from_bytes(buffer[2:4]), 4
        elif length == 127:
            length, start = int.from_bytes(buffer[2:10]), 10
        if len(buffer) < start + length:
            return None
        self.buffer = buffer[start + length :]
        return buffer[0] & 0x0F, buffer[start : start + length]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(error or ConnectionError("closed before a frame came"))


def pong(payload: bytes) -> bytes:
    """With what the ping had, up to 125 bytes; a client's frames are masked, here with zeros."""
    return bytes((0x8A, 0x80 | len(payload), 0, 0, 0, 0)) + payload


def watch(address: str, paths: Sequence[str], stalled: int, pipe: Connection) -> None:
    """A process: opens a WebSocket for each path, and says so; when told, closes them and says what came when.

    The first `stalled` of them read their first frame and then nothing.
    """
    uvloop.run(watch_all(address, paths, stalled, pipe))


async def watch_all(address: str, paths: Sequence[str], stalled: int, pipe: Connection) -> None:
    host, _, port = address.rpartition(":")
    loop, room = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)

    async def join(number: int, path: str) -> Watcher:
        seen: tuple[array[float], array[int]] = (array("d"), array("q"))
        async with room:
            _, watcher = await loop.create_connection(
                lambda: Watcher(path, address, seen, number < stalled), host, int(port)
            )
            await asyncio.wait_for(watcher.ready, 60)
            return watcher

    watchers = await asyncio.gather(*(join(number, path) for number, path in enumerate(paths)))
    pipe.send(len(watchers))
    await loop.run_in_executor(None, pipe.recv)
    still_open = sum(not watcher.transport.is_closing() for watcher in watchers)
    pipe.send((still_open, list(records(watchers[stalled:]))))
    for watcher in watchers:
        watcher.transport.abort()


def records(watchers: Iterable[Watcher]) -> Iterable[tuple[bytes, bytes]]:
    """Of each viewer the times (seconds of the machine's steady clock) and the totals that came then."""
    for watcher in watchers:
        yield watcher.times.tobytes(), watcher.totals.tobytes()
