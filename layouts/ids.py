"""The ids of every component that something else refers to."""

from __future__ import annotations

# On every page
URL = "url"  # dcc.Location
PAGE = "page"  # the router puts the page here
ALERTS = "alerts"  # what failed, and how to go on
VIEWPORT = "viewport"  # dcc.Store: what the gate knows of the window: visible, online, focus count
LIVE_STATE = "live-state"  # dcc.Store: {"state": live|polling|offline|paused, "since": ISO time, ...}

NAV_CREDITS = "nav-credits"
NAV_TOKENS = "nav-tokens"
NAV_PLAN = "nav-plan"
NAV_LIVE = "nav-live"
NAV_UPDATED = "nav-updated"
NAV_FREQUENCY = "nav-frequency"
NAV_REFRESH = "nav-refresh"
NAV_INTERVAL = "nav-interval"
NAV_USAGE = "nav-usage"
NAV_AGENT_STATUS = "nav-agent-status"
NAV_ACCOUNT = "nav-account"
NAV_REQUEST = "nav-request"  # dcc.Store: the gate's request counter, the server callback's only input
SUBSCRIPTION = "subscription"  # dcc.Store: plan, allowance, period of the chosen scope
SUBSCRIPTION_INTERVAL = "subscription-interval"
SUBSCRIPTION_REQUEST = "subscription-request"

# Threads list
THREADS_GRID = "threads-grid"
THREADS_SEARCH = "threads-search"
THREADS_CHANGED = "threads-changed"  # dcc.Store: the stream's hint that rows of the list changed
THREADS_REQUEST = "threads-request"

# Thread page
THREAD_ID = "thread-id"  # dcc.Store: the thread that the page shows
THREAD_CREDITS = "thread-credits"
THREAD_TOKENS = "thread-tokens"
THREAD_AGENT = "thread-agent"
THREAD_LIVE = "thread-live"
THREAD_UPDATED = "thread-updated"
THREAD_FREQUENCY = "thread-frequency"
THREAD_REFRESH = "thread-refresh"
THREAD_INTERVAL = "thread-interval"
THREAD_USAGE = "thread-usage"
AGENT_STATUS = "agent-status"
THREAD_REQUEST = "thread-request"
THREAD_CHANGED = "thread-changed"  # dcc.Store: the stream's hint that this thread changed
THREAD_DETAIL_REQUEST = "thread-detail-request"
THREAD_TIMELINE = "thread-timeline"
THREAD_LOG = "thread-log"
