"""Files of records, CSV or JSON Lines, compressed or not, read one record at a time however long they are."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from data.errors import InputError

Values = dict[str, object]  # nested names joined by dots; text from CSV, JSON's own types otherwise
Progress = Callable[[int, int], None]  # bytes of the file read, bytes in all

LONGEST_LINE = 16 * 1024 * 1024
CHUNK = 1024 * 1024
DELIMITERS = ",;\t|"


def no_progress(_done: int, _total: int) -> None:
    pass


@dataclass(slots=True)
class Record:
    """One record: its number in the file from 1, what it says, and its cells as they were; or what is wrong."""

    position: int
    values: Values
    cells: list[str] = field(default_factory=list)
    fault: str = ""


@dataclass(frozen=True)
class RecordFile:
    """A file whose kind is known. `header` has a CSV's column names, and is empty for JSON Lines."""

    path: Path
    compressed: bool
    encoding: str
    delimiter: str  # "" for JSON Lines
    header: tuple[str, ...]

    def digest(self) -> str:
        """SHA-256 of the (uncompressed) content: a file is the same under any name."""
        hashed = hashlib.sha256()
        with reading(self.path), self.opened() as (_raw, content):
            while chunk := content.read(CHUNK):
                hashed.update(chunk)
        return hashed.hexdigest()

    def records(self, progress: Progress = no_progress) -> Iterator[Record]:
        """Every record, in order; empty lines are none. Raises InputError when the file cannot be read on."""
        size = self.path.stat().st_size
        with reading(self.path), self.opened() as (raw, content):
            text = io.TextIOWrapper(cast(BinaryIO, content), self.encoding, errors="replace", newline="")
            found = csv_records(text, self.delimiter) if self.delimiter else json_records(text)
            for record in found:
                if record.position % 5000 == 0:
                    progress(min(raw.tell(), size), size)
                yield record
        progress(size, size)

    @contextmanager
    def opened(self) -> Iterator[tuple[BinaryIO, io.BufferedIOBase]]:
        """The file as it lies on disk, and its content."""
        with self.path.open("rb") as raw:
            yield raw, gzip.GzipFile(fileobj=raw) if self.compressed else raw


def open_records(path: Path) -> RecordFile:
    """Finds out what kind of file it is. Raises InputError with the remedy where it is none that we read."""
    with reading(path):
        if not path.is_file():
            raise InputError(f"{path} is {'a folder' if path.is_dir() else 'not there or no file'}; name a file")
        with path.open("rb") as raw:
            compressed = raw.read(2) == b"\x1f\x8b"
        plain = RecordFile(path, compressed, "utf-8-sig", "", ())
        with plain.opened() as (_raw, content):
            start = content.read(CHUNK)
        encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        first = start.decode(encoding, errors="replace").lstrip()
        if not first:
            raise InputError(f"{path} is empty")
        if first[0] == "[":
            raise InputError(f"{path} is one JSON array; write one object a line, as `jq -c '.[]'` does")
        if first[0] == "{":
            return RecordFile(path, compressed, encoding, "", ())
        delimiter, header = header_of(first)
        if not header:
            raise InputError(f"{path} has no line of column names that could be read")
        return RecordFile(path, compressed, encoding, delimiter, tuple(name.strip() for name in header))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Says in a sentence why a file cannot be read."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path} is damaged: its compressed content breaks off ({error})") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def header_of(text: str) -> tuple[str, list[str]]:
    """What separates the most column names in the first row, a comma where nothing does, and those names."""
    firsts = {sign: next(rows(io.StringIO(text, newline=""), sign), []) for sign in DELIMITERS}
    headers = {sign: row for sign, row in firsts.items() if isinstance(row, list)}
    sign = max(headers, key=lambda sign: len(headers[sign]), default=",")
    return sign, headers.get(sign, [])


def lines(text: TextIO) -> Iterator[str]:
    """Lines, the endless ones in pieces, so that no file can fill the memory."""
    while line := text.readline(LONGEST_LINE):
        yield line


def rows(text: TextIO, delimiter: str) -> Iterator[list[str] | str]:
    """The rows that are not empty; where one cannot be read, the reason instead."""
    # Prompts in a cell are longer than the module's 128 KiB.
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(lines(text), delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"cannot be read as CSV: {error}"
            continue
        if any(cell and not cell.isspace() for cell in row):
            yield row


def csv_records(text: TextIO, delimiter: str) -> Iterator[Record]:
    found = rows(text, delimiter)
    header = next(found, [])
    names = [name.strip() for name in header]
    for position, row in enumerate(found, start=1):
        if isinstance(row, str):
            yield Record(position, {}, [], row)
        elif len(row) != len(names) and (len(row) < len(names) or any(row[len(names) :])):
            yield Record(position, {}, row, f"has {len(row)} cells, the header {len(names)}")
        else:
            yield Record(position, unfolded(dict(zip(names, row, strict=False))), row)


def unfolded(values: Values) -> Values:
    """Cells that hold a JSON object, as exports often do, taken apart."""
    folded = [(name, text) for name, text in values.items() if isinstance(text, str) and text.startswith("{")]
    for name, text in folded:
        try:
            inner = parse_json(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(inner, dict):
            flatten(inner, f"{name}.", values)
    return values


def json_records(text: TextIO) -> Iterator[Record]:
    filled = (line for line in lines(text) if not line.isspace())
    for position, line in enumerate(filled, start=1):
        cells = [line.rstrip("\r\n")]
        try:
            found = parse_json(line)
        except (ValueError, RecursionError) as error:
            yield Record(position, {}, cells, f"is not JSON: {error}")
            continue
        if isinstance(found, dict):
            values: Values = {}
            flatten(found, "", values)
            yield Record(position, values, cells)
        else:
            yield Record(position, {}, cells, "is not a JSON object")


def parse_json(text: str) -> object:
    """ValueError or RecursionError for what is no JSON, or has a number beyond all bounds."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=Decimal)
    except InvalidOperation:
        raise ValueError("a number has too large an exponent") from None


def flatten(nested: dict[str, object], prefix: str, into: Values) -> None:
    """Adds what objects within objects hold under names joined by dots; lists stay as they are."""
    for name, value in nested.items():
        if isinstance(value, dict):
            flatten(value, f"{prefix}{name}.", into)
        else:
            into[prefix + name] = value
