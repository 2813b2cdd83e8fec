"""The ids of every component that something else refers to."""

from __future__ import annotations

# On every page
URL = "url"  # dcc.Location
PAGE = "page"  # the router puts the page here
PAGE_SHOWN = "page-shown"  # dcc.Store: {"title", "section", "thread", "path"} of the page that the router put there
PAGE_ASKED = "page-asked"  # dcc.Store: raised to ask for the address's page once more
LIVE_STATE = "live-state"  # dcc.Store: {"state": live|polling|offline|paused, "since": ISO time, "history": ...}
NAV_LINKS = {"/threads": "nav-link-threads"}  # one for each section in the navigation
SCOPE_ASKED = "scope-asked"  # dcc.Store: the address's query, when it is to decide the scope
DEFAULT_SCOPE = "default-scope"  # dcc.Store: the scope of an address that names none

FAILURE = "failure"  # dcc.Store: {"source", "title", "text", "at"} of what failed last, or None
ALERTS = "alerts"  # what failed, since when, and how to go on
ALERTS_TITLE = "alerts-title"
ALERTS_TEXT = "alerts-text"
ALERTS_SINCE = "alerts-since"
ALERTS_RETRY = "alerts-retry"
ALERTS_CLOSE = "alerts-close"

NAV_CREDITS = "nav-credits"
NAV_LABEL = "nav-label"  # of which period, and whether it is final
NAV_BAR = "nav-bar"  # how much of the allowance is used
NAV_TOKENS = "nav-tokens"
NAV_PURCHASED = "nav-purchased"
NAV_PLAN = "nav-plan"
NAV_LIVE = "nav-live"
NAV_LIVE_WORD = "nav-live-word"
NAV_UPDATED = "nav-updated"
NAV_FREQUENCY = "nav-frequency"
NAV_REFRESH = "nav-refresh"
NAV_TOGGLE = "nav-toggle"  # opens the usage card on narrow screens
NAV_CARD = "nav-card"
NAV_INTERVAL = "nav-interval"
NAV_USAGE = "nav-usage"
NAV_AGENT_STATUS = "nav-agent-status"
NAV_ACCOUNT = "nav-account"
NAV_REQUEST = "nav-request"  # dcc.Store: the gate's request, the server callback's only input
NAV_ANSWER = "nav-answer"  # dcc.Store: what the server answered; the renderer's side takes it into nav-usage
SUBSCRIPTION = "subscription"  # dcc.Store: plan, allowance, period of the chosen scope
SUBSCRIPTION_INTERVAL = "subscription-interval"
SUBSCRIPTION_REQUEST = "subscription-request"

# Threads list
THREADS_GRID = "threads-grid"
THREADS_SEARCH = "threads-search"
THREADS_CHANGED = "threads-changed"  # dcc.Store: the stream's hint that rows of the list changed
THREADS_REQUEST = "threads-request"
THREADS_ANSWER = "threads-answer"  # dcc.Store: the number of the request that the list shows
THREADS_INTERVAL = "threads-interval"
THREADS_ASKED = "threads-asked"  # dcc.Store: when the gate was last told to ask
THREADS_COUNT = "threads-count"
THREADS_BODY = "threads-body"  # its data-state is loading, rows or empty
THREADS_EMPTY = "threads-empty"
THREADS_MORE = "threads-more"

# Thread page
THREAD_ID = "thread-id"  # dcc.Store: the thread that the page shows
THREAD_CREDITS = "thread-credits"
THREAD_LABEL = "thread-label"
THREAD_COST = "thread-cost"
THREAD_TOKENS = "thread-tokens"
THREAD_PROMPT = "thread-prompt"
THREAD_COMPLETION = "thread-completion"
THREAD_CALLS = "thread-calls"
THREAD_AGENT = "thread-agent"
THREAD_LIVE = "thread-live"
THREAD_LIVE_WORD = "thread-live-word"
THREAD_UPDATED = "thread-updated"
THREAD_FREQUENCY = "thread-frequency"
THREAD_REFRESH = "thread-refresh"
THREAD_GONE = "thread-gone"  # says so when the open thread is deleted
THREAD_INTERVAL = "thread-interval"
THREAD_USAGE = "thread-usage"
AGENT_STATUS = "agent-status"
THREAD_REQUEST = "thread-request"
THREAD_ANSWER = "thread-answer"
THREAD_GATE = "thread-gate"  # dcc.Store: what the gate made of the last reason to ask
THREAD_CHANGED = "thread-changed"  # dcc.Store: the stream's hint that this thread changed
THREAD_DETAIL_REQUEST = "thread-detail-request"
THREAD_TIMELINE = "thread-timeline"
THREAD_LOG = "thread-log"
THREAD_BODY = "thread-body"  # its data-state is loading, ready or empty
THREAD_FIGURE = (
    "thread-figure"  # dcc.Store: the chart in UTC and without colours, as the server makes it, or its growth
)
THREAD_TEMPLATES = "thread-templates"  # dcc.Store: Plotly's templates, light and dark
THREAD_THEME = "thread-theme"  # dcc.Store: the theme now
THREAD_BARS = "thread-bars"  # what a bar of the chart stands for
THREAD_SEEN = "thread-seen"  # dcc.Store: up to which call the page has read
THREAD_PAGE = "thread-page"  # dcc.Store: calls for the log, and how they go in
THREAD_LOG_SHOWN = "thread-log-shown"  # dcc.Store: how many calls the log has
THREAD_LOG_NOTE = "thread-log-note"
THREAD_OLDER = "thread-older"
THREAD_OLDER_REQUEST = "thread-older-request"
THREAD_OLDER_PAGE = "thread-older-page"
THREAD_RUNS = "thread-runs"
THREAD_LAST_KNOWN = "thread-last-known"  # the figures of a thread that is gone
