"""What a call would cost by the list: beside what was recorded, which alone counts."""

from __future__ import annotations

from data.calls import Call
from data.prices import Parts, PriceList


def list_price(prices: PriceList, call: Call) -> Parts | None:
    """The call's price part by part, by the list of its time; None for a model without a price.

    A prompt whose content does not say what came from a cache counts as if nothing had. One that is smaller than its
    cache's counts leaves those out, as in Anthropic's API.
    """
    read, write = call.cache_read_tokens or 0, call.cache_write_tokens or 0
    if call.model is None or min(call.prompt_tokens, call.completion_tokens) < 0:
        return None
    prompt = call.prompt_tokens if read + write <= call.prompt_tokens else call.prompt_tokens + read + write
    return prices.parts(call.model, call.at, prompt, read, write, call.completion_tokens)
