"""A proxy that holds back the answers to some requests, as one that buffers does, and passes everything else on."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, suppress
from typing import Self

CHUNK = 65_536


class Relay:
    """To `target`; a connection whose request begins with `held` hears nothing back."""

    def __init__(self, target: str, held: bytes) -> None:
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.held = held
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.ends = ExitStack()
        self.threads: list[threading.Thread] = []

    @property
    def address(self) -> str:
        host, port = self.listener.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> Self:
        self.run(self.accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.threads[0].join()  # from now on there are no more
        self.ends.close()
        for thread in self.threads:
            thread.join()
        self.listener.close()

    def run(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="relay")  # type: ignore[arg-type]
        self.threads.append(thread)
        thread.start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self.listener.accept()
                server = socket.create_connection(self.target)
                for end in (client, server):
                    self.ends.callback(end.close)
                    self.ends.callback(hang_up, end)
                first = client.recv(CHUNK)
                server.sendall(first)
                self.run(pass_on, client, server)
                if not first.startswith(self.held):
                    self.run(pass_on, server, client)


def hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
        hang_up(target)
