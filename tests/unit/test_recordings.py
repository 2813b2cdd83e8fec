"""How records become calls, what is assumed on the way, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import InputError
from data.prices import PriceList
from data.readings import EPOCH
from data.recordings import Call, CallReader, assumptions, calls, open_recording

PRICES = PriceList()
STRAY = [b"", b'"', b"\0", b"\r", b"\n", b";", b"{", b"}", b"[", b"\xff", b"NaN", b"sNaN", b"1e999999", b"1E-999999999",
         b"1E+9999999999999999999", b"9" * 50, b"-", b"\\ud800", b'"{""a"":1}"', b"null", "²".encode(),
         b"0001-01-01T00:00+23:59", b"9999-12-31T23:59-23:00"]  # fmt: skip
Make = Callable[..., Path]


@pytest.fixture
def make_csv(tmp_path: Path) -> Make:
    def make(*lines: str) -> Path:
        path = tmp_path / "usage.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return make


@pytest.fixture
def make_jsonl(tmp_path: Path) -> Make:
    def make(*objects: object) -> Path:
        path = tmp_path / "usage.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in objects))
        return path

    return make


def read(path: Path, **mapping: str) -> tuple[list[Call | str], list[str]]:
    """What each record gives, and what was assumed."""
    recording = open_recording(path, mapping)
    reader = CallReader(recording.mapping, recording.timescale(EPOCH if recording.relative_unit else None), PRICES)
    found = [call for _record, call in calls(recording.file, reader)]
    return found, assumptions(reader.assumed)


def only(path: Path, **mapping: str) -> Call:
    (call,), _assumed = read(path, **mapping)
    assert isinstance(call, Call), call
    return call


def test_a_call_has_everything_that_its_record_says(make_csv: Make) -> None:
    path = make_csv(
        "timestamp,user,session_id,model,input_tokens,output_tokens,cached_tokens,cache_write_tokens,cost",
        "2025-11-03T09:00:00Z,ann@example.com,s1,gpt-4o,100,20,60,10,0.5",
    )
    assert only(path) == Call(
        1, datetime(2025, 11, 3, 9, tzinfo=UTC), "ann@example.com", "s1", "gpt-4o", 100, 20, 60, 10, Decimal("0.5")
    )  # fmt: skip


def test_a_missing_cost_is_priced_and_said_so(make_csv: Make) -> None:
    path = make_csv(
        "ts,model,input_tokens,output_tokens,cost", "1760000000,gpt-4o,1000,100,", "1760000000,gpt-4o,1,1,2"
    )
    found, assumed = read(path)
    assert [call.cost for call in found if isinstance(call, Call)] == [Decimal("0.0035"), Decimal(2)]
    assert "1 without a cost were priced from model and tokens" in assumed


def test_a_model_without_a_price_costs_nothing_and_is_said_so(make_csv: Make) -> None:
    found, assumed = read(make_csv("ts,model,tokens_in,tokens_out", "1760000000,our-own,1000,100"))
    assert isinstance(found[0], Call)
    assert found[0].cost == 0
    assert "1 of a model without a known price cost 0" in assumed


def test_cache_counts_beside_the_prompt_are_added_to_it(make_jsonl: Make) -> None:
    call = only(
        make_jsonl(
            {
                "timestamp": "2025-11-03T09:00:00Z",
                "message": {
                    "model": "claude-opus-4-5",
                    "usage": {"input_tokens": 3, "cache_read_input_tokens": 900, "cache_creation_input_tokens": 97,
                              "output_tokens": 5},
                },
            }
        )
    )  # fmt: skip
    assert (call.prompt_tokens, call.cache_read_tokens, call.cache_write_tokens) == (1000, 900, 97)
    # 3 at $5, 900 at $0.50, 97 at $6.25, 5 at $25 a million
    assert call.cost == Decimal("0.001196")


def test_more_in_the_cache_than_in_the_prompt_means_beside_it(make_csv: Make) -> None:
    assert only(make_csv("ts,prompt_tokens,cached_tokens", "1760000000,10,90")).prompt_tokens == 100


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [("total_tokens", "120", (120, 0)), ("total_tokens,input_tokens", "120,100", (100, 20)),
     ("total_tokens,output_tokens", "120,20", (100, 20)), ("input_tokens,output_tokens,total_tokens", "1,2,9", (1, 2)),
     ("output_tokens", "7", (0, 7))],
)  # fmt: skip
def test_one_count_of_tokens_is_enough(make_csv: Make, header: str, cells: str, expected: tuple[int, int]) -> None:
    call = only(make_csv(f"created_at,{header}", f"2025-11-03,{cells}"))
    assert (call.prompt_tokens, call.completion_tokens) == expected


def test_each_line_of_json_may_have_its_own_names(make_jsonl: Make) -> None:
    found, _assumed = read(
        make_jsonl(
            {"time": "2025-11-03", "usage": {"prompt_tokens": 1}, "user": {"id": 7}},
            {"created_at": 1760000000, "gen_ai.usage.input_tokens": 2, "user_id": "eve"},
            {"type": "summary"},
        )
    )
    assert [(call.prompt_tokens, call.user) for call in found if isinstance(call, Call)] == [(1, "7"), (2, "eve")]
    assert found[2] == "created_at: is missing"


def test_the_first_filled_column_counts(make_csv: Make) -> None:
    path = make_csv("ts,tokens,session_id,trace_id", "1760000000,1,s,t", "1760000000,1,,t")
    found, _assumed = read(path)
    assert [call.thread for call in found if isinstance(call, Call)] == ["s", "t"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("soon,1,1,", "created_at: 'soon' is neither"),
        (",1,1,", "created_at: is missing"),
        ("2025-11-03,-1,1,", "prompt_tokens: '-1' is negative"),
        ("2025-11-03,1,NaN,", "completion_tokens: 'NaN' is no finite number"),
        ("2025-11-03,3000000000,1,", "prompt_tokens: '3000000000' is more than 2,147,483,647"),
        ("2025-11-03,2000000000,2000000000,", "has 4,000,000,000 tokens, more than"),
        ("2025-11-03,,,", "has no count of tokens"),
        ("2025-11-03,1,1,-3", "cost: '-3' is negative"),
        ("2025-11-03,1,1,12345", "cost: $12,345 is more than one call can cost"),
        ("2025-11-03,1", "has 2 cells, the header 4"),
    ],
)
def test_a_record_that_is_no_call_has_a_reason(make_csv: Make, cells: str, reason: str) -> None:
    (found,), assumed = read(make_csv("created_at,input_tokens,output_tokens,cost", cells))
    assert isinstance(found, str)
    assert found.startswith(reason)
    assert assumed == []


def test_small_numbers_count_from_the_recordings_start(make_csv: Make) -> None:
    recording = open_recording(make_csv("timestamp,input_length", "0,5", "27.5,6"), {})
    assert recording.relative_unit == 1
    assert recording.newest_seconds() == Decimal("27.5")


def test_a_relative_column_may_be_in_milliseconds(make_csv: Make) -> None:
    recording = open_recording(make_csv("offset_ms,tokens", "0,5", "27500,6"), {"created_at": "offset_ms"})
    assert recording.newest_seconds() == Decimal("27.5")


@pytest.mark.parametrize("value", ["1760000000", "2025-11-03T09:00:00Z", "1760000000000"])
def test_times_of_the_calendar_are_no_offsets(make_csv: Make, value: str) -> None:
    assert open_recording(make_csv("timestamp,tokens", f"{value},5"), {}).relative_unit is None


def test_one_unix_time_makes_every_number_one(make_csv: Make) -> None:
    path = make_csv("timestamp,tokens", "nan,5", "0,5", "1760000000,5")
    found, _assumed = read(path)
    assert [isinstance(call, Call) for call in found] == [False, False, True]
    assert found[1] == "created_at: 0 is no Unix time after March 1973"


def test_a_column_of_offsets_may_begin_with_nonsense(make_csv: Make) -> None:
    assert open_recording(make_csv("timestamp,tokens", "nan,5", "3,5"), {}).relative_unit == 1


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(STRAY), st.integers(0, 200), st.integers(0, 9), st.booleans())
def test_no_file_is_too_strange_to_be_explained(tmp_path: Path, stray: bytes, at: int, cut: int, as_json: bool) -> None:
    whole = (
        b'{"timestamp": "2025-11-03", "user": "a@b.c", "model": "gpt-4o", "usage": {"input_tokens": 5, "cost": 1e-3}}\n'
        if as_json
        else b"timestamp,user,model,input_tokens,cost\n2025-11-03,a@b.c,gpt-4o,5,0.1\n1760000000,,,7,\n"
    ) * 2
    path = tmp_path / "strange"
    path.write_bytes(whole[:at] + stray + whole[at + cut :])
    try:
        found, _assumed = read(path)
    except InputError:
        return
    assert all(isinstance(call, (Call, str)) for call in found)


def test_a_file_without_a_time_or_a_count_says_what_it_has(make_csv: Make) -> None:
    with pytest.raises(
        InputError, match=r"no column known as a time.*--map created_at=NAME.*It has when, input_tokens"
    ):
        open_recording(make_csv("when,input_tokens", "1,2"), {})
    with pytest.raises(InputError, match=r"no column known as a count of tokens.*--map prompt_tokens=NAME"):
        open_recording(make_csv("timestamp,size", "1,2"), {})


def test_a_column_named_by_hand_is_read(make_csv: Make) -> None:
    call = only(make_csv("when,size,who", "2025-11-03,5,eve"), created_at="when", prompt_tokens="size", user="who")
    assert (call.prompt_tokens, call.user) == (5, "eve")


def test_a_file_in_which_nothing_can_be_read_is_explained(make_csv: Make) -> None:
    with pytest.raises(InputError, match="nothing that could be read: line 1 is not JSON"):
        open_recording(make_csv("{", '"a": 1', "}"), {})
