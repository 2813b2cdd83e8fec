"""A relay in front of PostgreSQL that can fall silent: it takes everything, passes nothing on, and closes nothing."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from typing import Self

from sqlalchemy import make_url

CHUNK = 65_536


class Proxy:
    """Between `cut` and `heal` it is a network that loses every packet, except that what was sent is kept for later.

    Unlike on a dead wire, TCP itself notices nothing: no keepalive and no timeout of the kernel helps.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.peers: dict[socket.socket, socket.socket] = {}
        self.passing = threading.Event()
        self.passing.set()
        self.waker, self.woken = socket.socketpair()
        self.stopping = False
        self.thread = threading.Thread(target=self.run, name="proxy")

    def url(self, url: str) -> str:
        """The same database, by way of this proxy."""
        host, port = self.listener.getsockname()
        return make_url(url).set(host=host, port=port).render_as_string(hide_password=False)

    def cut(self) -> None:
        self.passing.clear()
        self.wake()

    def heal(self) -> None:
        self.passing.set()
        self.wake()

    def wake(self) -> None:
        self.waker.send(b".")

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping = True
        self.wake()
        self.thread.join()
        for end in (self.listener, self.waker, self.woken, *self.peers):
            end.close()

    def run(self) -> None:
        while not self.stopping:
            with selectors.DefaultSelector() as selector:
                selector.register(self.woken, selectors.EVENT_READ)
                # The kernel accepts and acknowledges for us meanwhile.
                for end in (self.listener, *self.peers) if self.passing.is_set() else ():
                    selector.register(end, selectors.EVENT_READ)
                ready = [key.fileobj for key, _events in selector.select()]
            for found in ready:
                self.serve(found)

    def serve(self, end: object) -> None:
        if end is self.woken:
            self.woken.recv(CHUNK)
        elif end is self.listener:
            self.connect()
        elif isinstance(end, socket.socket) and end in self.peers:
            self.relay(end)

    def connect(self) -> None:
        client, _address = self.listener.accept()
        try:
            server = socket.create_connection(self.target, timeout=5)
        except OSError:
            client.close()
            return
        self.peers |= {client: server, server: client}

    def relay(self, end: socket.socket) -> None:
        other = self.peers[end]
        try:
            data = end.recv(CHUNK)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        for closed in (end, other):
            del self.peers[closed]
            with suppress(OSError):
                closed.close()
