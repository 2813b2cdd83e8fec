"""A network namespace with two cables to it, one of which can be pulled: what no proxy can imitate."""

from __future__ import annotations

import os
import random
import subprocess
from contextlib import suppress
from itertools import count
from typing import Self

numbers = count()

MISSING = (
    "this test pulls a cable in a network namespace of its own: run it as root (in a container, with the right "
    "CAP_SYS_ADMIN and CAP_NET_ADMIN), with iproute2 installed (`make browser` installs it)"
)


class Network:
    """Whatever runs `inside` is reached at `addresses`: by the first or by the second cable.

    A pulled cable loses every packet, in both directions, and tells nobody.
    """

    def __init__(self) -> None:
        self.name = f"cp{os.getpid()}x{next(numbers)}"  # with two letters more an interface has 15
        # From the range that is reserved for tests of networks.
        base = f"198.18.{random.randrange(256)}"
        self.start = random.randrange(0, 256, 8)
        self.hosts = [f"{base}.{self.start + 1}", f"{base}.{self.start + 5}"]
        self.addresses = [f"{base}.{self.start + 2}", f"{base}.{self.start + 6}"]

    @property
    def inside(self) -> list[str]:
        return ["ip", "netns", "exec", self.name]

    def __enter__(self) -> Self:
        try:
            self.ip("netns", "add", self.name)
            for number in (0, 1):
                self.lay(number)
        except (AssertionError, OSError) as error:
            self.close()
            raise AssertionError(f"{MISSING}: {error}") from error
        return self

    def lay(self, number: int) -> None:
        outer, inner = f"{self.name}o{number}", self.inner(number)
        self.ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.name)
        self.ip("addr", "add", f"{self.hosts[number]}/30", "dev", outer)
        self.ip("link", "set", outer, "up")
        self.ip("-n", self.name, "addr", "add", f"{self.addresses[number]}/30", "dev", inner)
        self.ip("-n", self.name, "link", "set", inner, "up")

    def inner(self, number: int) -> str:
        return f"{self.name}i{number}"

    def pull(self, number: int) -> None:
        self.ip("-n", self.name, "link", "set", self.inner(number), "down")

    def plug(self, number: int) -> None:
        self.ip("-n", self.name, "link", "set", self.inner(number), "up")

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for number in (0, 1):
            with suppress(AssertionError, OSError):
                self.ip("link", "del", f"{self.name}o{number}")
        with suppress(AssertionError, OSError):
            self.ip("netns", "del", self.name)

    def ip(self, *words: str) -> None:
        done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=10, check=False)
        assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr.strip()}"
