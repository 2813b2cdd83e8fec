"""A relay that fails as networks do: in front of PostgreSQL, of the app, of whatever speaks TCP."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self, TypeVar

from sqlalchemy import make_url

from tests.servers import free_port

T = TypeVar("T")

CHUNK = 65_536
MOST_CHUNKS = 64  # on their way in one direction; what comes beyond waits at its sender
CONNECT_SECONDS = 5.0
ORDER_SECONDS = 5.0  # within which a fault is in force
RESET = struct.pack("ii", 1, 0)


class Link:
    """A client's connection, and the one to the target that belongs to it."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.client = client
        self.ends = [client]
        self.lost = False  # some of its bytes are gone: there is no going on with it
        self.path = ""  # what was asked for last, where the relay knows

    def reset(self) -> None:
        """As a machine does that knows nothing of the connection."""
        for end in self.ends:
            with suppress(OSError):
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.transport.abort()

    def close(self) -> None:
        for end in self.ends:
            end.close()


class Proxy:
    """Passes everything on, until it is told to fail. Faults come and go at once, from whichever thread; those of a
    kind of their own add up, and `heal` ends all of them. It runs on a thread, which ends with the process at the
    latest.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        # A port that is asked for by its number stays bound also while nobody listens.
        self.listener = socket.create_server(("127.0.0.1", free_port()))
        self.listener.setblocking(False)
        self.port: int = self.listener.getsockname()[1]
        self.links: set[Link] = set()
        self.serving: set[asyncio.Task[None]] = set()
        self.delay_seconds = 0.0
        self.swallowing = False
        # Each is set while that fault is not in force.
        self.flowing, self.prompt, self.sound, self.open = (asyncio.Event() for _ in range(4))
        for event in (self.flowing, self.prompt, self.sound, self.open):
            event.set()
        self.loop = asyncio.new_event_loop()
        self.accepting: asyncio.Task[None] | None = None
        self.thread = threading.Thread(target=self.run, name="proxy", daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, url: str) -> str:
        """The same database, by way of this proxy."""
        return make_url(url).set(host="127.0.0.1", port=self.port).render_as_string(hide_password=False)

    # ---- faults

    def hold(self) -> None:
        """Takes and passes on nothing, and closes nothing; what was sent is kept for later.

        Unlike on a dead wire, TCP itself notices nothing: no keepalive and no timeout of the kernel helps.
        """
        self.order(self.flowing.clear)

    def swallow(self) -> None:
        """Takes everything, new connections too, and loses it; closes nothing. `heal` resets what has lost a byte."""

        def start() -> None:
            self.swallowing = True
            self.sound.clear()

        self.order(start)

    def refuse(self) -> None:
        """Nobody listens any more: open connections are reset, new ones refused. The port stays ours."""

        def start() -> None:
            if self.open.is_set():
                self.open.clear()
                self.listener.shutdown(socket.SHUT_RDWR)
            self.reset_links()

        self.order(start)

    def delay(self, seconds: float) -> None:
        """Whatever comes from now on arrives so much later, in both directions."""

        def start() -> None:
            self.delay_seconds = seconds
            self.prompt.clear()

        self.order(start)

    def cut(self, path: str = "") -> int:
        """Resets, once, every open connection (those on which `path…` was asked for last); how many there were."""
        return self.order(lambda: self.reset_links(path))

    def heal(self) -> None:
        self.order(self.end_faults)

    def end_faults(self) -> None:
        self.swallowing, self.delay_seconds = False, 0.0
        for link in [link for link in self.links if link.lost]:
            link.reset()
        if not self.open.is_set():
            self.listener.listen()
        for event in (self.flowing, self.prompt, self.sound, self.open):
            event.set()

    def reset_links(self, path: str = "") -> int:
        found = [link for link in self.links if link.path.startswith(path)]
        for link in found:
            link.reset()
        return len(found)

    def order(self, action: Callable[[], T]) -> T:
        """Does it on the relay's own thread; returns when it is done."""

        async def act() -> T:
            return action()

        return asyncio.run_coroutine_threadsafe(act(), self.loop).result(ORDER_SECONDS)

    # ---- the relay

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
        self.listener.close()

    def run(self) -> None:
        self.accepting = self.loop.create_task(self.accept())
        self.loop.run_forever()
        self.loop.run_until_complete(self.end())
        self.loop.close()

    async def end(self) -> None:
        tasks: list[asyncio.Task[Any]] = [task for task in (self.accepting, *self.serving) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def accept(self) -> None:
        while True:
            await self.open.wait()
            await self.flowing.wait()  # the kernel accepts and acknowledges for us meanwhile
            try:
                client, _address = await self.loop.sock_accept(self.listener)
            except OSError:  # it has just been told to refuse
                await asyncio.sleep(0)
                continue
            task = self.loop.create_task(self.serve(client))
            self.serving.add(task)
            task.add_done_callback(self.serving.discard)

    async def serve(self, client: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=client)
        link = Link(writer)
        self.links.add(link)
        try:
            await self.relay(link, reader)
        except (OSError, TimeoutError):
            pass
        finally:
            link.close()
            self.links.discard(link)

    async def relay(self, link: Link, reader: asyncio.StreamReader) -> None:
        if self.swallowing:
            link.lost = True
            await self.pump(link, reader, self.to_server)
            return
        await self.flowing.wait()
        async with asyncio.timeout(CONNECT_SECONDS):
            answers, server = await asyncio.open_connection(*self.target)
        link.ends.append(server)
        ways = [
            asyncio.ensure_future(self.pump(link, reader, self.to_server)),
            asyncio.ensure_future(self.pump(link, answers, self.to_client)),
        ]
        try:
            done, _rest = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in done:
                way.result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def pump(self, link: Link, reader: asyncio.StreamReader, send: Callable[[Link, bytes], Any]) -> None:
        """One direction, to its end. An end is news as well, and is as late, or as lost, as all else."""
        chunks: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(MOST_CHUNKS)
        taking = asyncio.ensure_future(self.take(reader, chunks))
        try:
            while True:
                due, data = await chunks.get()
                await self.until(due)
                await self.flowing.wait()
                link.lost = link.lost or self.swallowing
                if link.lost and not data:
                    await self.sound.wait()
                if not data:
                    return
                if not link.lost:
                    await send(link, data)
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)

    async def take(self, reader: asyncio.StreamReader, chunks: asyncio.Queue[tuple[float, bytes]]) -> None:
        data = b"."
        while data:
            try:
                data = await reader.read(CHUNK)
            except OSError:
                data = b""
            await chunks.put((self.loop.time() + self.delay_seconds, data))

    async def until(self, due: float) -> None:
        """Waits until then, or until nothing is delayed any more."""
        left = due - self.loop.time()
        if left > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self.prompt.wait()

    async def to_server(self, link: Link, data: bytes) -> None:
        await write(link.ends[1], data)

    async def to_client(self, link: Link, data: bytes) -> None:
        await write(link.client, data)


async def write(end: asyncio.StreamWriter, data: bytes) -> None:
    end.write(data)
    await end.drain()
