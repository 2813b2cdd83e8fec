"""What the options of the command line may be. For anything else argparse names the remedy, and ends with 2."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from data.columns import parse_mapping
from data.demo_options import MOST_HISTORY_DAYS, MOST_THREADS, parse_rate
from data.errors import InputError

MOST_PORT = 65_535
MOST_WORKERS = 1000

T = TypeVar("T")


def option(read: Callable[[str], T]) -> Callable[[str], T]:
    """A type for argparse, of a function that raises InputError."""

    def parse(text: str) -> T:
        try:
            return read(text)
        except InputError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse


def whole_number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if re.fullmatch("-?[0-9]{1,18}", text) is None or not least <= int(text) <= most:
            raise InputError(f"{text} will not do; choose a whole number from {least} to {most}")
        return int(text)

    return option(read)


def parse_start(text: str) -> datetime:
    """Without a zone: UTC. Raises InputError."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text} is no time; write one such as 2026-11-23T09:00:00Z") from None
    return start if start.tzinfo else start.replace(tzinfo=UTC)


def parse_speed(text: str) -> float:
    """The value of `--speed`. Raises InputError for anything but a number above 0."""
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not (math.isfinite(speed) and speed > 0):
        raise InputError(f"{text} is no speed; write a number above 0, such as 60")
    return speed


def parse_address(text: str) -> str:
    """The value of `--url`. Raises InputError."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise InputError(f"{text} is no address of a server; write one such as http://127.0.0.1:8050")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def parse_pair(text: str) -> Iterable[tuple[str, str]]:
    return parse_mapping([text]).items()


port = whole_number(0, MOST_PORT)
workers = whole_number(1, MOST_WORKERS)
agents = whole_number(1, MOST_THREADS)
days = whole_number(0, MOST_HISTORY_DAYS)
rate = option(parse_rate)
speed = option(parse_speed)
start = option(parse_start)
pairs = option(parse_pair)
address = option(parse_address)
