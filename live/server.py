"""Runs the host under uvicorn, with the options that the streams need."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from data.errors import UnavailableError

logger = logging.getLogger(__name__)

MOST_MESSAGE_BYTES = 65_536  # what a client may say at once: 500 topics and room to spare
GRACE_SECONDS = 1.5  # for requests that are being served when the signal comes
CANCEL_SECONDS = GRACE_SECONDS + 0.4  # for those that do not notice when they are cut off, such as a callback's thread
SLICE_SECONDS = 0.5  # of waiting for a new worker, between looks at signals
NOT_STARTED = "the server could not start; the lines above say why"


def nothing(_pid: int) -> None:
    """Nobody has to hear that a worker has ended."""


def run_server(
    app: ASGIApp | str, host: str, port: int, workers: int = 1, ended: Callable[[int], object] = nothing
) -> None:
    """Serves until SIGINT or SIGTERM, then returns within 5 s. Raises UnavailableError where it cannot begin to.

    `app` is the application, or, for several workers, where each of them finds its factory
    ("app:create_app_from_environment"); `ended` is told the number of each worker's process that has ended.
    """
    config = server_config(app, host, port, workers)
    # uvicorn raises the signal once more when it has shut down; what has yet to be closed then needs its turn.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    if workers > 1:
        supervisor = Workers(config, [config.bind_socket()], ended)
        supervisor.run()
        if supervisor.failed:
            raise UnavailableError(NOT_STARTED)
    else:
        try:
            Server(config).run()
        except SystemExit as error:
            raise UnavailableError(NOT_STARTED) from error


class Server(uvicorn.Server):
    """Cuts off what is still open after the grace, so that to each request its client has gone.

    uvicorn only cancels it, and reports every one as a fault of the application, with its traceback.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        timer = asyncio.get_running_loop().call_later(GRACE_SECONDS, self.cut_off)
        try:
            await super().shutdown(sockets)
        finally:
            timer.cancel()

    def cut_off(self) -> None:
        open_connections = list(self.server_state.connections)
        if open_connections:
            logger.info("cut off: %d connections", len(open_connections), extra={"action": "server.cut_off"})
        for connection in open_connections:
            connection.transport.abort()


class Worker(Process):
    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = Server(self.config)
        return self._server


class Workers(Multiprocess):
    """Replaces workers that have ended.

    uvicorn's own also ends, after 5 s, one that does not answer: on a busy machine that is every worker, while it
    imports, again and again; and it hears no signal while it waits for an answer.
    """

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], ended: Callable[[int], object] = nothing
    ) -> None:
        super().__init__(config, sockets=sockets)
        self.ended = ended
        self.failed = False

    def init_processes(self) -> None:
        for _ in range(self.processes_num):
            self.processes.append(self.started())

    def started(self) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.start()
        return worker

    def restart_all(self) -> None:
        """At SIGHUP: worker by worker, the next one serves before the last is asked to go, so that somebody always
        does. uvicorn's own gives a new one 5 s, which on a busy machine is too little."""
        for index, old in enumerate(self.processes):
            new = self.started()
            while not new.wait_until_ready(SLICE_SECONDS):
                if new.process.is_alive() and not self.signal_queue:
                    continue
                logger.warning("not restarted: a new worker did not start", extra={"action": "server.not_restarted"})
                new.kill()
                new.join()
                return
            self.processes[index] = new
            old.terminate()
            while old.process.is_alive():  # it drains, which may take minutes
                if self.signal_queue:
                    return
                old.process.join(SLICE_SECONDS)
            self.ended(old.pid or 0)

    def keep_subprocess_alive(self) -> None:
        for index, process in enumerate(self.processes):
            if process.process.is_alive():
                continue
            process.join()
            self.ended(process.pid or 0)
            if process.exitcode == STARTUP_FAILURE:
                self.failed = True
                self.should_exit.set()  # the next would fail in the same way
                return
            self.processes[index] = self.started()


def end_with_supervisor() -> None:
    """In a worker: when the process above it dies without a word, it ends too, rather than hold the port for ever."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        threading.Thread(target=follow, args=(supervisor,), name="supervisor", daemon=True).start()


def follow(supervisor: multiprocessing.process.BaseProcess) -> None:
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)


def server_config(app: ASGIApp | str, host: str, port: int, workers: int = 1) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        workers=workers,
        factory=isinstance(app, str),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        proxy_headers=False,  # the peer's own address decides whom we trust
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=CANCEL_SECONDS,  # type: ignore[arg-type]  # a float will do
    )
