"""A proxy that signs people in, as `CREDITPULSE_AUTH=header` expects one: every request that passes says who asks."""

from __future__ import annotations

import asyncio
import re
import threading
from contextlib import suppress
from typing import Self

HEADER = b"X-Forwarded-Email"
DROPPED = re.compile(rb"\r\n(?:Connection|X-Forwarded-Email):[^\r]*(?=\r\n)", re.IGNORECASE)


class SignIn:
    """In front of the server at `address`. `person` is who is signed in: nobody where it is None."""

    def __init__(self, address: str, person: str | None) -> None:
        self.target = address
        self.person = person
        self.address = ""
        self.loop = asyncio.new_event_loop()
        self.open: set[asyncio.StreamWriter] = set()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, name="sign-in")

    def __enter__(self) -> Self:
        self.thread.start()
        assert self.ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join()

    def run(self) -> None:
        self.loop.run_until_complete(self.serve())
        self.loop.close()

    async def serve(self) -> None:
        self.ended = asyncio.Event()
        server = await asyncio.start_server(self.relay, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        self.address = f"{host}:{port}"
        self.ready.set()
        await self.ended.wait()
        server.close()
        for writer in self.open:
            writer.transport.abort()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        down = None
        with suppress(asyncio.IncompleteReadError, OSError):
            head = await reader.readuntil(b"\r\n\r\n")
            up, down = await asyncio.open_connection(*self.target.split(":"))
            self.open.add(down)
            down.write(self.signed(head))
            await asyncio.gather(pump(reader, down), pump(up, writer))
        for end in filter(None, (writer, down)):
            self.open.discard(end)
            end.close()

    def signed(self, head: bytes) -> bytes:
        """One request a connection, so that there is one head to be read; a stream keeps its own."""
        stream = b"\r\nupgrade: websocket" in head.lower()
        added = [b"Connection: Upgrade" if stream else b"Connection: close"]
        if self.person:
            added.append(HEADER + b": " + self.person.encode())
        line, _, rest = DROPPED.sub(b"", head).partition(b"\r\n")
        return b"\r\n".join([line, *added, rest])


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
