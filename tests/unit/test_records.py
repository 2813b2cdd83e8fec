"""Files of records as tools and people write them."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import InputError
from data.records import open_records


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "usage"


def values(path: Path) -> list[dict[str, object]]:
    return [record.values for record in open_records(path).records()]


def faults(path: Path) -> list[str]:
    return [record.fault for record in open_records(path).records()]


EXPECTED: list[dict[str, object]] = [{"a": "1", "b": "x"}, {"a": "2", "b": "ü"}]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("a,b\n1,x\n2,ü\n".encode(), id="plain"),
        pytest.param("a,b\n1,x\n2,ü".encode(), id="no line end at the end"),
        pytest.param("\ufeffa,b\r\n1,x\r\n2,ü\r\n".encode(), id="byte order mark and CRLF"),
        pytest.param("a,b\n1,x\n2,ü\n".encode("utf-16"), id="UTF-16"),
        pytest.param('a;b\n1;"x"\n2;ü\n'.encode(), id="semicolons"),
        pytest.param("a\tb\n1\tx\n2\tü\n".encode(), id="tabs"),
        pytest.param(" a , b \n\n1,x\n,\n\n2,ü\n\n".encode(), id="empty lines, padded names"),
        pytest.param("a,b\n1,x,\n2,ü,\n".encode(), id="a comma too many"),
        pytest.param(gzip.compress("a,b\n1,x\n2,ü\n".encode()), id="compressed"),
        pytest.param('{"a": "1", "b": "x"}\n\n{"a": "2", "b": "ü"}\r\n'.encode(), id="JSON Lines"),
        pytest.param(gzip.compress('{"a": "1", "b": "x"}\n{"a": "2", "b": "ü"}'.encode()), id="JSON Lines, compressed"),
    ],
)
def test_the_same_records_however_they_are_written(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert values(file) == EXPECTED


def test_a_quoted_cell_may_hold_lines_and_separators(file: Path) -> None:
    file.write_text('a,b\n"1,\n2","say ""hi"""\n')
    assert values(file) == [{"a": "1,\n2", "b": 'say "hi"'}]


def test_a_cell_may_be_longer_than_the_csv_module_allows_by_itself(file: Path) -> None:
    file.write_text(f'a,b\n"{"x" * 200_000}",2\n')
    assert values(file)[0]["b"] == "2"


def test_nested_objects_are_names_with_dots(file: Path) -> None:
    file.write_text('{"usage": {"input_tokens": 3, "details": {"cached": 1}}, "gen_ai.model": "m", "l": [1]}\n')
    assert values(file) == [{"usage.input_tokens": 3, "usage.details.cached": 1, "gen_ai.model": "m", "l": [1]}]


def test_a_json_object_in_a_cell_is_taken_apart(file: Path) -> None:
    file.write_text('a,usage\n1,"{""input"": 5, ""output"": 0.5}"\n2,{broken\n')
    first, second = values(file)
    assert first["usage.input"] == 5
    assert first["usage.output"] == Decimal("0.5")
    assert second == {"a": "2", "usage": "{broken"}


def test_json_numbers_keep_every_digit(file: Path) -> None:
    file.write_text('{"cost": 0.12345678901234567890}\n')
    assert values(file) == [{"cost": Decimal("0.12345678901234567890")}]


def test_rows_that_do_not_fit_their_header_are_told_apart(file: Path) -> None:
    file.write_text("a,b\n1\n1,2\n1,2,3\n")
    assert faults(file) == ["has 1 cells, the header 2", "", "has 3 cells, the header 2"]


def test_lines_that_are_no_json_objects_are_told_apart(file: Path) -> None:
    file.write_text('{"a": 1}\n{"a": \n[1]\n' + "[" * 100_000 + "\n")
    found = faults(file)
    assert found[0] == ""
    assert "is not JSON" in found[1]
    assert found[2] == "is not a JSON object"
    assert "is not JSON" in found[3]


def test_records_are_numbered_from_one_without_the_empty_lines(file: Path) -> None:
    file.write_text("a\n\nx\n\ny\n")
    assert [record.position for record in open_records(file).records()] == [1, 2]


def test_progress_ends_with_the_whole_file(file: Path) -> None:
    file.write_text("a\n" + "1\n" * 12_000)
    told: list[tuple[int, int]] = []
    assert len(list(open_records(file).records(lambda done, total: told.append((done, total))))) == 12_000
    assert len(told) >= 3
    assert told[-1] == (24_002, 24_002)


def test_the_digest_is_of_the_content_alone(tmp_path: Path) -> None:
    plain, packed, other = (tmp_path / name for name in ("one.csv", "two.csv.gz", "three.csv"))
    plain.write_text("a\n1\n")
    packed.write_bytes(gzip.compress(b"a\n1\n"))
    other.write_text("a\n2\n")
    assert open_records(plain).digest() == open_records(packed).digest() != open_records(other).digest()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b'[{"a": 1}]', "write one object a line"),
        (b"\x1f\x8bnonsense", "is damaged"),
    ],
)
def test_a_file_of_another_kind_is_explained(file: Path, content: bytes, told: str) -> None:
    file.write_bytes(content)
    with pytest.raises(InputError, match=told):
        open_records(file)


def test_a_compressed_file_that_breaks_off_is_explained(file: Path) -> None:
    file.write_bytes(gzip.compress(b"a\n" + bytes(range(65, 91)) * 200_000, 0)[:-2_000_000])
    with pytest.raises(InputError, match="is damaged"):
        list(open_records(file).records())


def test_no_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        open_records(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="is a folder"):
        open_records(tmp_path)
