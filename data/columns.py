"""Which of a file's columns mean what: known by the names other tools give them, or named by hand."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from data.errors import InputError

# What a recording can tell of a call, and what that is called elsewhere, the plainest name first. Spelling,
# case and punctuation do not count: `Input Tokens`, `inputTokens` and `input_tokens` are one name.
NAMES: Mapping[str, tuple[str, ...]] = {
    "created_at": (
        "created_at", "timestamp", "created", "start_time", "started_at", "request_created_at", "request_time",
        "request_timestamp", "start_time_iso", "time", "datetime", "date_time", "ts", "event_time",
        "event_timestamp", "occurred_at", "logged_at", "arrived_at", "arrival_time", "arrival_timestamp",
        "arrival", "start_time_unix_nano", "time_unix_nano", "date", "end_time", "ended_at", "t_seconds",
        "elapsed_seconds", "offset_seconds", "seconds", "elapsed", "offset", "t",
    ),
    "user": (
        "user", "user_id", "user_email", "email", "end_user", "end_user_id", "request_user_id", "helicone_user_id",
        "user_api_key_user_id", "user_api_key_user_email", "account", "account_id", "account_email", "customer",
        "customer_id", "username", "user_name", "distinct_id",
    ),
    "thread": (
        "thread", "thread_id", "conversation_id", "conversation", "session_id", "session", "chat_id",
        "helicone_session_id", "dialog_id", "trace_id", "trace", "run_id", "task_id",
    ),
    "model": (
        "model", "response_model", "request_model", "model_name", "model_id", "model_slug", "model_permaslug",
        "model_version", "provided_model_name", "snapshot_id", "deployment", "engine", "model_group",
    ),
    "prompt_tokens": (
        "prompt_tokens", "input_tokens", "total_prompt_tokens", "total_input_tokens", "tokens_prompt",
        "tokens_input", "tokens_in", "prompt_token_count", "input_token_count", "num_prompt_tokens",
        "num_input_tokens", "num_prefill_tokens", "prefill_tokens", "n_context_tokens_total", "n_prompt_tokens",
        "n_input_tokens", "context_tokens", "request_tokens", "uncached_input_tokens", "usage_details.input",
        "usage.input", "usage.prompt", "input_usage", "token_count.prompt", "token_count.input", "input_length",
        "prompt_length", "input_len", "prompt_len", "prompt_eval_count", "in_tokens", "tokens.input",
        "tokens.prompt",
    ),
    "completion_tokens": (
        "completion_tokens", "output_tokens", "total_completion_tokens", "total_output_tokens",
        "tokens_completion", "tokens_output", "tokens_out", "completion_token_count", "output_token_count",
        "candidates_token_count", "num_completion_tokens", "num_output_tokens", "num_decode_tokens",
        "decode_tokens", "n_generated_tokens_total", "n_completion_tokens", "n_output_tokens",
        "generated_tokens", "response_tokens", "usage_details.output", "usage.output", "usage.completion",
        "output_usage", "token_count.completion", "token_count.output", "output_length", "completion_length",
        "generation_length", "output_len", "completion_len", "eval_count", "out_tokens", "tokens.output",
        "tokens.completion",
    ),
    "total_tokens": (
        "total_tokens", "total_token_count", "tokens_total", "token_count", "tokens", "num_tokens", "n_tokens",
        "usage_details.total", "usage.total", "total_usage", "token_count.total", "tokens.total",
    ),
    "cache_read_tokens": (
        "cache_read_tokens", "cache_read_input_tokens", "cached_tokens", "cached_input_tokens",
        "input_cached_tokens", "cache_read", "input_cache_read", "cache_read_input_token_count",
        "prompt_cache_hit_tokens", "cache_hit_tokens", "cached_content_token_count", "prompt_cached_tokens",
        "cached_prompt_tokens", "cached_input_token_count", "tokens_cached", "native_tokens_cached",
        "prompt_details.cache_read", "prefix_hit_tokens", "prefix_hit_tokens_derived",
    ),
    "cache_write_tokens": (
        "cache_write_tokens", "cache_creation_input_tokens", "cache_write_input_tokens", "cache_creation_tokens",
        "input_cache_creation", "cache_write", "input_cache_write", "cache_write_input_token_count",
        "prompt_details.cache_write",
    ),
    "cost": (
        "cost", "estimated_cost", "total_cost", "cost_usd", "total_cost_usd", "response_cost", "spend",
        "cost_total", "calculated_total_cost", "cost_details.total", "cost_in_usd", "cost_dollars", "usd",
        "amount_dollars", "amount_usd", "price_usd", "total_price", "price",
    ),
}  # fmt: skip

# Names that count from the recording's start, not from 1970.
RELATIVE_NAMES = frozenset(
    {"tseconds", "elapsedseconds", "offsetseconds", "seconds", "elapsed", "offset", "t", "arrival", "arrivaltime"}
)
# What names are often wrapped in: gen_ai.usage.input_tokens, usage_input_tokens, llm.model_name.
WRAPPINGS = ("attributes", "genai", "llm", "usage", "ai", "request", "response", "message", "content", "properties")

# A prompt count under these names leaves out what was read from, and written to, the cache.
UNCACHED_PROMPTS = frozenset({"uncachedinputtokens", "usagedetailsinput"})
APART_CACHES = ("cachereadinputtokens", "cachecreationinputtokens")


def squeezed(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


FIELDS = {squeezed(name): (field, rank) for field, names in NAMES.items() for rank, name in enumerate(names)}


@dataclass(frozen=True)
class Columns:
    """For each field the columns that can hold it, the likeliest first: the first filled one counts.

    `cache_apart`: the prompt's count does not include the cache's, as in Anthropic's own API.
    """

    of: Mapping[str, tuple[str, ...]]
    cache_apart: bool

    def usable(self) -> bool:
        """Whether a call could be read from them."""
        return "created_at" in self.of and any(
            field in self.of for field in ("prompt_tokens", "completion_tokens", "total_tokens")
        )


def recognised(names: Collection[str], mapping: Mapping[str, str]) -> Columns:
    """The columns among `names`; a field that `mapping` names by hand is looked for nowhere else."""
    found: dict[str, list[tuple[int, int, int, str]]] = {}
    for position, name in enumerate(names):
        known = meaning(name)
        if known is not None and known[0] not in mapping:
            field, wrapped, rank = known
            found.setdefault(field, []).append((wrapped, rank, position, name))
    of = {field: tuple(name for *_rank, name in sorted(places)) for field, places in found.items()}
    of |= {field: (name,) for field, name in mapping.items() if name in names}
    return Columns(of, cache_apart(of))


def meaning(name: str) -> tuple[str, int, int] | None:
    """The field that a column's name stands for, with how much wrapping it took to see it, and its rank."""
    for wrapped, bare in enumerate(unwrapped(name)):
        if bare in FIELDS:
            field, rank = FIELDS[bare]
            return field, wrapped, rank
    return None


def unwrapped(name: str) -> Iterator[str]:
    """The name whole, then without its first parts: what dots separate, or the usual wrappings."""
    parts = [part for part in name.split(".") if part]
    for first in range(len(parts)):
        bare = squeezed("".join(parts[first:]))
        yield bare
        while wrapping := next((word for word in WRAPPINGS if bare.startswith(word) and bare != word), None):
            bare = bare.removeprefix(wrapping)
            yield bare


def cache_apart(of: Mapping[str, tuple[str, ...]]) -> bool:
    prompts = [squeezed(name) for name in of.get("prompt_tokens", ())[:1]]
    if any(prompt.endswith(tuple(UNCACHED_PROMPTS)) for prompt in prompts):
        return True
    caches = [name for field in ("cache_read_tokens", "cache_write_tokens") for name in of.get(field, ())[:1]]
    return all(prompt.endswith("inputtokens") for prompt in prompts) and any(
        # Anthropic's API; OpenTelemetry's gen_ai.usage.cache_read.input_tokens is part of its input_tokens.
        squeezed(name.rpartition(".")[2]).endswith(APART_CACHES)
        for name in caches
    )


def parse_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """`["thread=trace_id", ...]` as field and name. Raises InputError for what is not a pair, or no field of ours."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        field, equals, name = (part.strip() for part in pair.partition("="))
        if not equals or not name:
            raise InputError(f"{pair} names no column; write it as column=NAME, such as thread=trace_id")
        if field not in NAMES:
            close = difflib.get_close_matches(field, NAMES, n=1)
            hint = f"did you mean {close[0]}?" if close else f"it can be {', '.join(NAMES)}"
            raise InputError(f"{field} is no column of Creditpulse; {hint}")
        mapping[field] = name
    return mapping


def check_mapping(mapping: Mapping[str, str], names: Collection[str], file: str) -> dict[str, str]:
    """The mapping in the file's own spelling. Raises InputError naming what the file has."""
    spelled = {squeezed(name): name for name in names}
    checked: dict[str, str] = {}
    for field, name in mapping.items():
        found = name if name in names else spelled.get(squeezed(name))
        if found is None:
            raise InputError(f"--map {field}={name}: {file} has no {name}; it has {listed(names)}")
        checked[field] = found
    return checked


def listed(names: Collection[str], most: int = 40) -> str:
    shown = [name if len(name) <= 60 else f"{name[:59]}…" for name in list(names)[:most]]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(shown) + more if shown else "no names"
