"""Everything that can be taken out of the app, by the name of its file: every table and chart of the pages, in full."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from data.account_listing import AccountListing
from data.compare_listing import CompareListing
from data.content_listing import CallListing, PurchaseListing, RunListing
from data.listing import Listing
from data.thread_listing import ThreadListing
from data.top_listing import ModelListing, TopAccountListing, TopThreadListing
from data.usage_listing import HeatListing, UsageListing


def listings(credits_per_dollar: Decimal) -> Mapping[str, Listing]:
    return {
        "usage": UsageListing(credits_per_dollar),
        "heat": HeatListing(credits_per_dollar),
        "top-threads": TopThreadListing(credits_per_dollar),
        "top-accounts": TopAccountListing(credits_per_dollar),
        "accounts": AccountListing(credits_per_dollar),
        "threads": ThreadListing(credits_per_dollar),
        "compare": CompareListing(credits_per_dollar),
        "models": ModelListing(credits_per_dollar),
        "calls": CallListing(credits_per_dollar),
        "runs": RunListing(),
        "purchases": PurchaseListing(credits_per_dollar),
    }
