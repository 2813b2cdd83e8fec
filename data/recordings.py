"""Recorded usage: a file's records read as calls of a model, with a note of everything that had to be assumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

from data.columns import RELATIVE_NAMES, Columns, check_mapping, listed, recognised, squeezed
from data.errors import InputError
from data.prices import PriceList
from data.readings import (
    EARLIEST_UNIX,
    EPOCH,
    LARGEST_COUNT,
    Timescale,
    cost,
    count,
    is_missing,
    number,
    rounded_cost,
    words,
)
from data.records import Progress, Record, RecordFile, no_progress, open_records

T = TypeVar("T")

SAMPLE = 1000  # records looked at to learn what a file has
SHAPES = 1024  # combinations of names whose columns are remembered


@dataclass(slots=True)
class Call:
    """One call of a model. `prompt_tokens` includes what the cache counts; `user` and `thread` are as written."""

    position: int
    created_at: datetime
    user: str
    thread: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost: Decimal


@dataclass(frozen=True)
class Recording:
    """A file that calls can be read from. `relative_unit` is None where its times are times of the calendar;
    else they count from the recording's start, and so many of them make a second."""

    file: RecordFile
    mapping: Mapping[str, str]
    relative_unit: int | None

    def timescale(self, start: datetime | None) -> Timescale:
        return Timescale(start, self.relative_unit or 1)

    def newest_seconds(self) -> Decimal:
        """How long after its start a relative recording's last call is; 0 where no time can be read."""
        reader = CallReader(self.mapping, self.timescale(EPOCH), PriceList())
        newest = Decimal(0)
        for record in self.file.records():
            seconds = number_or_none(reader.fields(record).filled.get("created_at"))
            newest = max(newest, seconds or newest)
        return newest / (self.relative_unit or 1)


def open_recording(path: Path, mapping: Mapping[str, str], *, start_given: bool = False) -> Recording:
    """The recording in a file. Raises InputError for a file, or a name in `mapping`, that cannot be used."""
    file = open_records(path)
    sample = list(islice(file.records(), SAMPLE))
    names = list(file.header) or list(dict.fromkeys(name for record in sample for name in record.values))
    names += [name for record in sample for name in record.values if name not in file.header] if file.header else []
    names = list(dict.fromkeys(names))
    if not names:
        raise InputError(f"{path} has nothing that could be read: line 1 {sample[0].fault if sample else 'is empty'}")
    spelled = check_mapping(mapping, names, path.name)
    columns = recognised(names, spelled)
    check_columns(columns, names, path.name)
    unit = relative_unit(columns, sample) if not start_given else unit_of(columns.of["created_at"][0])
    return Recording(file, spelled, unit)


def check_columns(columns: Columns, names: list[str], file: str) -> None:
    if columns.usable():
        return
    wanted, example = "a time", "created_at=NAME"
    if "created_at" in columns.of:
        wanted, example = "a count of tokens", "prompt_tokens=NAME"
    raise InputError(f"{file} has no column known as {wanted}; name it with --map {example}. It has {listed(names)}")


def relative_unit(columns: Columns, sample: list[Record]) -> int | None:
    """Whether times count from the recording's start: the column's name tells, or that all numbers are too small."""
    for name in columns.of["created_at"]:
        numbers = [found for record in sample if (found := number_or_none(record.values.get(name))) is not None]
        if not numbers:
            continue
        named_so = squeezed(name.rpartition(".")[2]) in RELATIVE_NAMES
        return unit_of(name) if named_so or max(numbers) < EARLIEST_UNIX else None
    return None


def number_or_none(value: object) -> Decimal | None:
    try:
        return number(value)
    except ValueError:
        return None


def unit_of(name: str) -> int:
    """How many of a relative column's numbers make a second, by the end of its name."""
    bare = squeezed(name)
    endings = {"ms": 10**3, "millis": 10**3, "milliseconds": 10**3, "us": 10**6, "micros": 10**6, "ns": 10**9}
    return next((unit for ending, unit in endings.items() if bare.endswith(ending)), 1)


@dataclass(slots=True)
class Fields:
    """What one record says, by our names, and whether its prompt's count leaves out the cache's."""

    filled: dict[str, object]
    cache_apart: bool

    def read(self, field: str, as_read: Callable[[object], T]) -> T:
        try:
            return as_read(self.filled[field])
        except ValueError as error:
            raise ValueError(f"{field}: {error}") from None

    def count(self, field: str) -> int | None:
        return self.read(field, count) if field in self.filled else None

    def text(self, field: str) -> str:
        value = self.filled.get(field, "")
        return "" if isinstance(value, (list, bool)) else words(value)


class CallReader:
    """Reads records as calls, and counts in `assumed` for how many of them something was assumed."""

    def __init__(self, mapping: Mapping[str, str], timescale: Timescale, prices: PriceList) -> None:
        self.timescale = timescale
        self.prices = prices
        self.assumed: Counter[str] = Counter()
        # JSON Lines may have other names on each line.
        self.columns = lru_cache(SHAPES)(lambda names: recognised(names, mapping))

    def fields(self, record: Record) -> Fields:
        """What the record says of each field: its first column that is filled."""
        columns, filled = self.columns(tuple(record.values)), {}
        for field, names in columns.of.items():
            for name in names:
                if not is_missing(value := record.values.get(name)):
                    filled[field] = value
                    break
        return Fields(filled, columns.cache_apart)

    def call(self, record: Record) -> Call:
        """The call that a record tells of. ValueError with the reason why it tells of none."""
        if record.fault:
            raise ValueError(record.fault)
        fields = self.fields(record)
        if "created_at" not in fields.filled:
            raise ValueError("created_at: is missing")
        created_at = fields.read("created_at", self.timescale.at)
        prompt, completion, cache_read, cache_write, notes = tokens(fields)
        call = Call(
            record.position, created_at, fields.text("user"), fields.text("thread"), fields.text("model"),
            prompt, completion, cache_read, cache_write, Decimal(0),
        )  # fmt: skip
        call.cost, note = self.cost(fields, call)
        notes += [note, "" if call.user else "no_user", "" if call.thread else "no_thread"]
        # Only now, since of a record that is rejected nothing was assumed.
        for note in notes:
            self.assumed[note] += 1
        return call

    def cost(self, fields: Fields, call: Call) -> tuple[Decimal, str]:
        """Dollars, as recorded or by list price, and what was assumed."""
        if "cost" in fields.filled:
            return fields.read("cost", cost), ""
        price = self.prices.cost(
            call.model, call.created_at, call.prompt_tokens, call.cache_read_tokens,
            call.cache_write_tokens, call.completion_tokens,
        )  # fmt: skip
        if price is None:
            return Decimal(0), "no_price" if call.model else "no_model"
        return rounded_cost(price), "priced"


def tokens(fields: Fields) -> tuple[int, int, int, int, list[str]]:
    """Prompt (cache included), completion, cache reads and writes, and what was assumed."""
    notes: list[str] = []
    prompt, completion = fields.count("prompt_tokens"), fields.count("completion_tokens")
    cache_read, cache_write = fields.count("cache_read_tokens") or 0, fields.count("cache_write_tokens") or 0
    if prompt is None or completion is None:
        total = fields.count("total_tokens")
        if total is None and prompt is None and completion is None:
            raise ValueError("has no count of tokens")
        if total is not None:
            notes.append("from_total")
            prompt, completion = split_total(total, prompt, completion)
    prompt, completion = prompt or 0, completion or 0
    cached = cache_read + cache_write
    if cached and (fields.cache_apart or cached > prompt):
        notes.append("cache_added")
        prompt += cached
    if prompt + completion > LARGEST_COUNT:
        raise ValueError(f"has {prompt + completion:,} tokens, more than {LARGEST_COUNT:,}")
    return prompt, completion, cache_read, cache_write, notes


def split_total(total: int, prompt: int | None, completion: int | None) -> tuple[int, int]:
    """What is missing beside a total; a total alone counts as prompt."""
    known = (prompt or 0) + (completion or 0)
    if known > total:
        raise ValueError(f"total_tokens: {total:,} is less than its parts, {known:,}")
    return (prompt, total - known) if prompt is not None else (total - known, completion or 0)


def assumptions(assumed: Mapping[str, int]) -> list[str]:
    """What was assumed for how many calls, in words."""
    texts = {
        "priced": "{} without a cost were priced from model and tokens",
        "no_price": "{} of a model without a known price cost 0",
        "no_model": "{} without cost and model cost 0",
        "from_total": "{} had their tokens worked out from the total",
        "cache_added": "{} had cache tokens added to their prompt",
        "no_user": "{} without a user are Unattributed",
        "no_thread": "{} belong to no thread",
    }
    return [text.format(f"{assumed[name]:,}") for name, text in texts.items() if assumed.get(name)]


def calls(
    file: RecordFile, reader: CallReader, progress: Progress = no_progress
) -> Iterator[tuple[Record, Call | str]]:
    """Every record with its call, or with the reason why it is none."""
    for record in file.records(progress):
        try:
            yield record, reader.call(record)
        except ValueError as error:
            yield record, str(error)
