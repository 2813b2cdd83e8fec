"""What columns of other tools' files are taken for."""

from __future__ import annotations

import pytest

from data.columns import check_mapping, parse_mapping, recognised
from data.errors import InputError


def fields(*names: str, **mapping: str) -> dict[str, str]:
    """The likeliest column of each field."""
    return {field: columns[0] for field, columns in recognised(names, mapping).of.items()}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(
            ["trace_id", "agent_id", "seq", "t_seconds", "type", "model", "input_tokens", "output_tokens",
             "prefix_hit_tokens_derived", "input_types", "output_types", "api_time_s", "think_time_s", "ttft_s"],
            {"thread": "trace_id", "created_at": "t_seconds", "model": "model", "prompt_tokens": "input_tokens",
             "completion_tokens": "output_tokens", "cache_read_tokens": "prefix_hit_tokens_derived"},
            id="recorded coding sessions",
        ),
        pytest.param(
            ["TIMESTAMP", "ContextTokens", "GeneratedTokens"],
            {"created_at": "TIMESTAMP", "prompt_tokens": "ContextTokens", "completion_tokens": "GeneratedTokens"},
            id="inference trace",
        ),
        pytest.param(
            ["request_id", "call_type", "spend", "total_tokens", "prompt_tokens", "completion_tokens", "startTime",
             "endTime", "model", "model_id", "user", "metadata", "cache_key", "end_user", "session_id"],
            {"cost": "spend", "total_tokens": "total_tokens", "prompt_tokens": "prompt_tokens", "model": "model",
             "completion_tokens": "completion_tokens", "created_at": "startTime", "user": "user",
             "thread": "session_id"},
            id="LiteLLM spend logs",
        ),
        pytest.param(
            ["id", "traceId", "startTime", "endTime", "model", "usageDetails.input", "usageDetails.output",
             "usageDetails.total", "usageDetails.input_cached_tokens", "totalCost", "sessionId", "userId"],
            {"thread": "sessionId", "created_at": "startTime", "model": "model", "prompt_tokens": "usageDetails.input",
             "completion_tokens": "usageDetails.output", "total_tokens": "usageDetails.total",
             "cache_read_tokens": "usageDetails.input_cached_tokens", "cost": "totalCost", "user": "userId"},
            id="Langfuse observations",
        ),
        pytest.param(
            ["request_created_at", "request_user_id", "response_model", "request_model", "Prompt Tokens",
             "Completion Tokens", "costUSD", "Helicone-Session-Id"],
            {"created_at": "request_created_at", "user": "request_user_id", "model": "response_model",
             "prompt_tokens": "Prompt Tokens", "completion_tokens": "Completion Tokens", "cost": "costUSD",
             "thread": "Helicone-Session-Id"},
            id="Helicone requests",
        ),
        pytest.param(
            ["startTimeUnixNano", "attributes.gen_ai.request.model", "attributes.gen_ai.usage.input_tokens",
             "attributes.gen_ai.usage.output_tokens", "attributes.gen_ai.usage.cache_read.input_tokens",
             "attributes.gen_ai.conversation.id", "attributes.enduser.id"],
            {"created_at": "startTimeUnixNano", "model": "attributes.gen_ai.request.model",
             "prompt_tokens": "attributes.gen_ai.usage.input_tokens",
             "completion_tokens": "attributes.gen_ai.usage.output_tokens",
             "cache_read_tokens": "attributes.gen_ai.usage.cache_read.input_tokens",
             "thread": "attributes.gen_ai.conversation.id", "user": "attributes.enduser.id"},
            id="OpenTelemetry spans",
        ),
        pytest.param(
            ["type", "timestamp", "sessionId", "message.model", "message.usage.input_tokens",
             "message.usage.cache_read_input_tokens", "message.usage.cache_creation_input_tokens",
             "message.usage.output_tokens", "parentUuid"],
            {"created_at": "timestamp", "thread": "sessionId", "model": "message.model",
             "prompt_tokens": "message.usage.input_tokens",
             "cache_read_tokens": "message.usage.cache_read_input_tokens",
             "cache_write_tokens": "message.usage.cache_creation_input_tokens",
             "completion_tokens": "message.usage.output_tokens"},
            id="coding agent's session log",
        ),
        pytest.param(
            ["Timestamp", "Session ID", "Elapsed time", "Model", "Request tokens", "Response tokens", "Total tokens"],
            {"created_at": "Timestamp", "thread": "Session ID", "model": "Model", "prompt_tokens": "Request tokens",
             "completion_tokens": "Response tokens", "total_tokens": "Total tokens"},
            id="names in words",
        ),
        pytest.param(
            ["user_id", "thread_id", "total_prompt_tokens", "total_completion_tokens", "total_tokens",
             "estimated_cost", "content.model", "created_at"],
            {"user": "user_id", "thread": "thread_id", "prompt_tokens": "total_prompt_tokens",
             "completion_tokens": "total_completion_tokens", "total_tokens": "total_tokens",
             "cost": "estimated_cost", "model": "content.model", "created_at": "created_at"},
            id="our own table",
        ),
    ],
)  # fmt: skip
def test_names_of_other_tools_are_known(names: list[str], expected: dict[str, str]) -> None:
    assert fields(*names) == expected


def test_a_name_in_full_is_preferred_to_the_end_of_a_longer_one() -> None:
    assert fields("request.model", "model")["model"] == "model"


def test_names_that_only_sound_alike_are_left_alone() -> None:
    assert fields("max_tokens", "model_parameters", "parent_session_id", "cache_key", "latency", "id") == {}


def test_a_name_given_by_hand_wins_over_every_known_one() -> None:
    assert fields("trace_id", "session_id", thread="trace_id")["thread"] == "trace_id"


@pytest.mark.parametrize(
    ("names", "apart"),
    [
        (["input_tokens", "cache_read_input_tokens"], True),
        (["message.usage.input_tokens", "message.usage.cache_creation_input_tokens"], True),
        (["usageDetails.input", "usageDetails.cache_read_input_tokens"], True),
        (["prompt_tokens", "cache_read_input_tokens"], False),
        (["prompt_tokens", "prompt_tokens_details.cached_tokens"], False),
        (["gen_ai.usage.input_tokens", "gen_ai.usage.cache_read.input_tokens"], False),
        (["input_tokens", "prefix_hit_tokens_derived"], False),
    ],
)
def test_the_names_tell_whether_a_prompt_includes_its_cache(names: list[str], apart: bool) -> None:
    assert recognised(names, {}).cache_apart is apart


def test_a_mapping_is_read_from_pairs() -> None:
    assert parse_mapping(["thread=trace_id", "prompt_tokens = in=put"]) == {
        "thread": "trace_id",
        "prompt_tokens": "in=put",
    }


@pytest.mark.parametrize(
    ("pair", "told"),
    [("thread", "write it as column=NAME"), ("thread=", "column=NAME"), ("tread=x", "did you mean thread"),
     ("colour=x", "it can be created_at, user")],
)  # fmt: skip
def test_a_mapping_that_cannot_be_used_is_explained(pair: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        parse_mapping([pair])


def test_a_mapped_name_may_differ_in_spelling_only() -> None:
    assert check_mapping({"thread": "Trace-ID"}, ["trace_id"], "f") == {"thread": "trace_id"}
    with pytest.raises(InputError, match=r"f has no span; it has trace_id, model"):
        check_mapping({"thread": "span"}, ["trace_id", "model"], "f")
