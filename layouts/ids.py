"""The ids of every component that something else refers to."""

from __future__ import annotations

# On every page
URL = "url"  # dcc.Location
PAGE = "page"  # the router puts the page here
PAGE_SHOWN = (
    "page-shown"  # dcc.Store: {"title", "section", "thread", "account", "path"} of the page that the router put there
)
PAGE_ASKED = "page-asked"  # dcc.Store: raised to ask for the address's page once more
LIVE_STATE = "live-state"  # dcc.Store: {"state": live|polling|offline|paused, "since": ISO time, "history": ...}
NAV_LINKS = {  # one for each section in the navigation
    "/": "nav-link-overview",
    "/threads": "nav-link-threads",
    "/accounts": "nav-link-accounts",
    "/preferences": "nav-link-preferences",
}
SCOPE_ASKED = "scope-asked"  # dcc.Store: the address's query, when it is to decide the scope
DEFAULT_SCOPE = "default-scope"  # dcc.Store: the scope of an address that names none

FIND = "find"  # the box that finds anything; its field and list are made by assets/find.js
FIND_REQUEST = "find-request"
FIND_ANSWER = "find-answer"  # dcc.Store: what fits, and which text

PREFERENCES = "preferences-store"  # dcc.Store: what this person has chosen, as assets/preferences.js keeps it
PREFERENCES_REQUEST = "preferences-request"  # dcc.Store: {"n", "choices"} that are to be saved
PREFERENCES_ANSWER = "preferences-answer"  # dcc.Store: what holds now, and what could not be saved

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
NAV_FREQUENCY_WORDS = "nav-frequency-words"  # what it says at length
NAV_REFRESH = "nav-refresh"
NAV_TOGGLE = "nav-toggle"  # opens the usage card on narrow screens
NAV_CARD = "nav-card"
NAV_INTERVAL = "nav-interval"
NAV_USAGE = "nav-usage"
NAV_AGENT_STATUS = "nav-agent-status"
NAV_ACCOUNT = "nav-account"
NAV_PERSON = "nav-person"  # who is signed in
NAV_PERSON_BOX = "nav-person-box"
NAV_SIGN_OUT = "nav-signout"  # a form
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
THREADS_ANSWER = "threads-answer"  # dcc.Store: a block of rows, and of which request
THREADS_LIVE_REQUEST = "threads-live-request"
THREADS_LIVE = "threads-live"  # dcc.Store: the rows in view as they are now
THREADS_INTERVAL = "threads-interval"
THREADS_ASKED = "threads-asked"  # dcc.Store: what the list was last told
THREADS_COUNT = "threads-count"
THREADS_BODY = "threads-body"  # its data-state is loading, stale, rows or empty
THREADS_EMPTY = "threads-empty"
THREADS_MORE = "threads-more"  # looks at more threads, where a list ended because enough were looked at
THREADS_CUT = "threads-cut"  # says so
THREADS_NEWER = "threads-newer"  # how many have come to the top since, and the way there
THREADS_UPDATED = "threads-updated"
THREADS_CSV = "threads-csv"
THREADS_RUNNING = {"": "threads-running-all", "yes": "threads-running-yes", "no": "threads-running-no"}
THREADS_ACTIVE = "threads-active"
THREADS_MODEL = "threads-model"
THREADS_MODELS = "threads-models"  # dcc.Store: the models that the chooser offers
THREADS_MODELS_ASKED = "threads-models-asked"  # dcc.Store: of which scope, once the chooser is used
THREADS_LEAST = "threads-least"
THREADS_MOST = "threads-most"
THREADS_PROJECT = "threads-project"  # the project that the list is narrowed to, and the way out of it
THREADS_CLEAR = "threads-clear"
THREADS_COMPARE = "threads-compare"  # the section; hidden while nothing is chosen
THREADS_COMPARE_REQUEST = "threads-compare-request"
THREADS_COMPARED = "threads-compared"  # dcc.Store: which threads are compared, and of which request
THREADS_COMPARE_ASKED = "threads-compare-asked"  # dcc.Store
THREADS_COMPARE_TABLE = "threads-compare-table"  # its data-state is loading, stale or ready
THREADS_COMPARE_NOTE = "threads-compare-note"
THREADS_COMPARE_UPDATED = "threads-compare-updated"
THREADS_COMPARE_CLEAR = "threads-compare-clear"

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
THREAD_FREQUENCY_WORDS = "thread-frequency-words"
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
THREAD_DETAIL = "thread-detail"  # dcc.Store: {"of", "runs", "models", "per", "state"}, what else the answer brought
THREAD_MODELS = "thread-models"
THREAD_OUTLOOK_REQUEST = "thread-outlook-request"
THREAD_OUTLOOK = "thread-outlook"  # dcc.Store: {"of", "rate", "run", "runaway", "debits"}
THREAD_RATE = "thread-rate"
THREAD_RUN_LABEL = "thread-run-label"  # of the current run, or of the last
THREAD_RUN_COST = "thread-run-cost"
THREAD_RUN_RANGE = "thread-run-range"
THREAD_RUNAWAY = "thread-runaway"
THREAD_DEBITS = "thread-debits"
THREAD_DEBITS_CARD = "thread-debits-card"  # hidden where nothing was debited
THREAD_TIMELINE_CARD = "thread-timeline-card"  # its data-twin says what is shown, chart or table
THREAD_TWIN = "thread-twin"  # the button
THREAD_TABLE = "thread-table"  # the chart's figures
THREAD_PNG = "thread-png"
THREAD_SAVED = "thread-saved"  # dcc.Store: when a picture was last made
THREAD_CALL_REQUEST = "thread-call-request"  # dcc.Store: the call that is asked for
THREAD_CALL_ANSWER = "thread-call-answer"
THREAD_CALL = "thread-call"  # the panel
THREAD_CALL_BODY = "thread-call-body"
THREAD_CALL_CONTENT = "thread-call-content"  # the raw content, in the panel's body
THREAD_CALL_WHOLE = "thread-call-whole"  # the button for all of a content that was cut
THREAD_CALL_FILE = "thread-call-file"  # dcc.Download

# Views: whose usage of when is looked at, as the address says
VIEW = "view"  # dcc.Store: {"scope", "range", "from", "to", "zone", "model", "by", "compare"}, all of them texts
VIEW_BAR = "view-bar"  # its data-ranged says whether the page has a range
VIEW_MENU = "view-menu"  # every preset, and a range of one's own
VIEW_MENU_WIDE = "view-menu-wide"  # its label beside the short presets
VIEW_MENU_NARROW = "view-menu-narrow"  # and where it stands alone
VIEW_FROM_DATE = "view-from-date"
VIEW_FROM_TIME = "view-from-time"
VIEW_TO_DATE = "view-to-date"
VIEW_TO_TIME = "view-to-time"
VIEW_CUSTOM = "view-custom"
VIEW_CUSTOM_NOTE = "view-custom-note"
VIEW_ZONE = "view-zone"
VIEW_ZONES_ASKED = "view-zones-asked"  # dcc.Store: set once the chooser of zones is used
VIEW_ZONES = "view-zones"  # dcc.Store: every zone, as the chooser lists them
VIEW_UTC = "view-utc"
VIEW_COMPARE = "view-compare"


def view_range(preset: str) -> str:
    """The button of one of the short presets."""
    return f"view-range-{preset}"


def view_preset(preset: str) -> str:
    """The preset in the menu."""
    return f"view-preset-{preset}"


# Charts in cards
CHART_THEME = "chart-theme"  # dcc.Store: the theme now, raised where it changes
CHART_THEMES = "chart-themes"  # dcc.Store: tokens and Plotly's template, light and dark


class ChartCard:
    """The ids of a card with a chart and its table twin."""

    def __init__(self, name: str) -> None:
        self.card = name  # its data-state is loading, stale, ready or empty; its data-twin says what is shown
        self.title = f"{name}-title"
        self.figure = f"{name}-figure"  # dcc.Store: the figure as the server makes it, without colours
        self.graph = f"{name}-chart"
        self.legend = f"{name}-legend"
        self.twin = f"{name}-twin"  # the button
        self.table = f"{name}-table"
        self.csv = f"{name}-csv"
        self.png = f"{name}-png"
        self.saved = f"{name}-saved"  # dcc.Store: when a picture was last made


THREADS_COURSE = ChartCard("threads-course")


class FigureCard:
    """The ids of a card with one figure, `name`, of a page."""

    def __init__(self, page: str, name: str) -> None:
        self.card = f"{page}-card-{name}"
        self.value = f"{page}-figure-{name}"
        self.change = f"{page}-change-{name}"
        self.spark = f"{page}-spark-{name}"
        self.exact = "data-cost" if name == "credits" else "data-exact"  # where its exact value is


# Overview
OVERVIEW = "overview"  # its data-scope is all or account
OVERVIEW_REQUEST = "overview-request"
OVERVIEW_ANSWER = "overview-answer"  # dcc.Store: the figures of the cards, and of which request
OVERVIEW_REST_REQUEST = "overview-rest-request"
OVERVIEW_REST = "overview-rest"  # dcc.Store: of which request the heat map and the models are
OVERVIEW_ACTIVITY_REQUEST = "overview-activity-request"
OVERVIEW_ACTIVITY = "overview-activity"  # dcc.Store: the distinct counts
OVERVIEW_TOPS_REQUEST = "overview-tops-request"
OVERVIEW_TOPS = "overview-tops"  # dcc.Store: of which request the top lists are
OVERVIEW_RUNNING_REQUEST = "overview-running-request"
OVERVIEW_RUNNING = "overview-running"  # dcc.Store: of which request the list of agents is
OVERVIEW_CHANGED = "overview-changed"  # dcc.Store: the stream's hint that figures changed
OVERVIEW_INTERVAL = "overview-interval"
OVERVIEW_ASKED = "overview-asked"  # dcc.Store: what the page last asked for
OVERVIEW_RANGE = "overview-range"  # which stretch of time, against which
OVERVIEW_UPDATED = "overview-updated"
OVERVIEW_MODEL = "overview-model"  # the model that everything is of, and the way out of it
OVERVIEW_BY = {"model": "overview-by-model", "account": "overview-by-account"}
OVERVIEW_CREDITS = ChartCard("overview-credits")
OVERVIEW_HEAT = ChartCard("overview-heat")
OVERVIEW_NOTHING = "overview-nothing"  # what is said instead of a chart
OVERVIEW_AGENTS = "overview-agents"
OVERVIEW_AGENTS_COUNT = "overview-agents-count"
OVERVIEW_THREADS = "overview-threads"
OVERVIEW_ACCOUNTS = "overview-accounts"
OVERVIEW_MODELS = "overview-models"
OVERVIEW_EXPORTS = {
    "top-threads.csv": "overview-threads-csv",
    "top-accounts.csv": "overview-accounts-csv",
    "models.csv": "overview-models-csv",
}
OVERVIEW_FIGURES = {
    name: FigureCard("overview", name)
    for name in ("credits", "total_tokens", "calls", "active_threads", "active_accounts")
}

# Account page
ACCOUNT = "account"
ACCOUNT_ID = "account-id"  # dcc.Store: the account that the page shows, whatever the navigation's scope is
ACCOUNT_REQUEST = "account-request"
ACCOUNT_ANSWER = "account-answer"  # dcc.Store: plan, allowance, burn rate and outlook, and of which request
ACCOUNT_USAGE = "account-usage"  # dcc.Store: the account's credits of its period, as the stream sends them
ACCOUNT_CHANGED = "account-changed"  # dcc.Store: the stream's hint that figures changed
ACCOUNT_INTERVAL = "account-interval"
ACCOUNT_ASKED = "account-asked"  # dcc.Store: what the page last asked for
ACCOUNT_CARD = "account-card"  # its data-state is loading, stale or ready
ACCOUNT_AGENT = "account-agent"
ACCOUNT_LABEL = "account-label"  # of which period, and whether it is final
ACCOUNT_CREDITS = "account-credits"
ACCOUNT_BAR = "account-bar"  # how much of the allowance is used
ACCOUNT_ALLOWANCE = "account-allowance"
ACCOUNT_COST = "account-cost"
ACCOUNT_LIVE = "account-live"
ACCOUNT_LIVE_WORD = "account-live-word"
ACCOUNT_UPDATED = "account-updated"
ACCOUNT_FREQUENCY = "account-frequency"
ACCOUNT_FREQUENCY_WORDS = "account-frequency-words"
ACCOUNT_REFRESH = "account-refresh"
ACCOUNT_PLAN = "account-plan"
ACCOUNT_LEFT = "account-left"
ACCOUNT_RATE = "account-rate"
ACCOUNT_PURCHASED = "account-purchased"
ACCOUNT_LAST = "account-last"  # when it last called
ACCOUNT_OUT = "account-out"  # the day on which the allowance is used up
ACCOUNT_OUT_RANGE = "account-out-range"
ACCOUNT_WORDS = "account-words"  # the outlook, to be read out
ACCOUNT_RANGE_REQUEST = "account-range-request"
ACCOUNT_RANGE = "account-range"  # dcc.Store: the figures of the range's cards, and of which request
ACCOUNT_RANGE_HEAD = "account-range-head"  # which stretch of time, against which
ACCOUNT_RANGE_UPDATED = "account-range-updated"
ACCOUNT_MODEL = "account-model"  # the model that the range's figures are of, and the way out of it
ACCOUNT_FIGURES = {name: FigureCard("account", name) for name in ("credits", "total_tokens", "calls")}
ACCOUNT_SPENDING = ChartCard("account-spending")
ACCOUNT_NOTHING = "account-nothing"  # what is said instead of a chart
ACCOUNT_TOPS_REQUEST = "account-tops-request"
ACCOUNT_TOPS = "account-tops"  # dcc.Store: of which request the lists of threads and models are
ACCOUNT_THREADS = "account-threads"
ACCOUNT_MODELS = "account-models"
ACCOUNT_EXPORTS = {"top-threads.csv": "account-threads-csv", "models.csv": "account-models-csv"}
ACCOUNT_RUNNING_REQUEST = "account-running-request"
ACCOUNT_RUNNING = "account-running"  # dcc.Store: of which request the list of agents is
ACCOUNT_AGENTS = "account-agents"
ACCOUNT_AGENTS_COUNT = "account-agents-count"

# Accounts list
ACCOUNTS_GRID = "accounts-grid"
ACCOUNTS_SEARCH = "accounts-search"
ACCOUNTS_STATES = {
    "": "accounts-state-all",
    "ending": "accounts-state-ending",
    "ended": "accounts-state-ended",
    "spending": "accounts-state-spending",
    "planned": "accounts-state-planned",
}
ACCOUNTS_REQUEST = "accounts-request"
ACCOUNTS_ANSWER = "accounts-answer"  # dcc.Store: rows from a place on, how many there are, how far the order goes
ACCOUNTS_CHANGED = "accounts-changed"  # dcc.Store: the stream's hint that rows of the list changed
ACCOUNTS_INTERVAL = "accounts-interval"
ACCOUNTS_ASKED = "accounts-asked"  # dcc.Store: raised when the list follows the address or a hint
ACCOUNTS_BODY = "accounts-body"  # its data-state is loading, stale, rows or empty
ACCOUNTS_EMPTY = "accounts-empty"
ACCOUNTS_COUNT = "accounts-count"
ACCOUNTS_NOTE = "accounts-note"  # how far the order is reckoned
ACCOUNTS_UPDATED = "accounts-updated"
ACCOUNTS_CSV = "accounts-csv"

# The audit, for staff.
NAV_AUDIT = "nav-audit"
AUDIT_GRID = "audit-grid"
AUDIT_PERSON = "audit-person"
AUDIT_ACTION = "audit-action"
AUDIT_SINCE = "audit-since"
AUDIT_REFRESH = "audit-refresh"
AUDIT_OLDER = "audit-older"
AUDIT_NEXT = "audit-next"  # dcc.Store: the last entry that is shown, None where there is no older one
AUDIT_NOTE = "audit-note"

# Preferences
PREFERENCES_STATE = "preferences-state"  # dcc.Store: of the page's saving: its word, errors by field, whether to undo
PREFERENCES_WORD = "preferences-word"
PREFERENCES_UNDO = "preferences-undo"
PREFERENCES_RESET = "preferences-reset"
PREFERENCES_ZONE = "preferences-zone"
PREFERENCE_PERIODS = {
    "running_seconds": "preferences-running",
    "idle_seconds": "preferences-idle",
    "subscription_seconds": "preferences-subscription",
}


def preference_effect(name: str) -> str:
    """What the choice does at present."""
    return f"preferences-effect-{name}"


def preference_error(name: str) -> str:
    return f"preferences-error-{name}"


def preference_option(name: str, value: str) -> str:
    return f"preferences-{name}-{value}"
