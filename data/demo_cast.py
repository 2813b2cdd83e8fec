"""Who appears in the demo: invented companies with their plans and habits, and the threads they work in.

Everything follows from the seed and from the moment of the first start, so a later start finds the same cast.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID, uuid5

NAMESPACE = UUID("6f9c1d4e-5b0a-5c27-9d7e-2f60c1b7a1de")
MARKER = uuid5(NAMESPACE, "account 0")  # the account whose row says that a demo has been here
MARKER_AGE = timedelta(days=400)  # how old that account is made at the first start
PLANS = {"Free": 200, "Pro": 1_500, "Team": 4_000, "Business": 8_000, "Enterprise": 250_000}  # credits a month
PAY_AS_YOU_GO = "Pay as you go"
LIVE_WEIGHTS = {"Enterprise": 8, "Business": 4, "Team": 2, "Pro": 1}  # whose agents run while the demo does
THREADS_A_WEEK = {"Enterprise": 12, "Business": 10, "Team": 8, PAY_AS_YOU_GO: 6, "Pro": 5, "Free": 2}

# Name, contact, plan (None: no subscription), share of the allowance used at the first start (dollars a day
# where there is none), days since the period began, hours east of UTC.
COMPANIES: tuple[tuple[str, str, str | None, float, int, int], ...] = (
    ("Alder & Finch", "mira", "Enterprise", 0.03, 23, 1),
    ("Bluewater Logistics", "tomas", "Business", 0.46, 19, 1),
    ("Cobalt Robotics", "ines", "Business", 0.94, 26, 9),
    ("Dunmore Press", "callum", "Pro", 0.31, 9, 0),
    ("Eastgate Clinics", "farah", "Team", 0.52, 16, 3),
    ("Fennel Kitchen", "luca", "Pro", 1.22, 20, 1),
    ("Granite Insurance", "helena", "Enterprise", 0.025, 17, -5),
    ("Harborlight Media", "jonas", "Team", 0.97, 27, 1),
    ("Ivory Peak Travel", "sofia", "Pro", 0.92, 22, -3),
    ("Juniper Analytics", "wei", "Business", 0.38, 14, 8),
    ("Kestrel Mobility", "anouk", "Team", 0.27, 8, 1),
    ("Lumen Architects", "pavel", "Pro", 0.44, 13, 2),
    ("Maple Street Books", "greta", "Free", 0.6, 18, -6),
    ("Nimbus Weather", "oskar", "Team", 1.14, 24, 1),
    ("Orchard Payroll", "dalia", PAY_AS_YOU_GO, 1.4, 11, 2),
    ("Pinebrook Schools", "ruth", "Pro", 0.18, 12, -5),
    ("Quarry Stone Works", "emil", "Free", 1.0, 25, 1),
    ("Redwood Telecom", "yuki", "Enterprise", 0.02, 12, 9),
    ("Saffron Retail", "amit", "Team", 0.63, 21, 5),
    ("Tidewater Energy", "nora", "Business", 0.22, 10, -5),
    ("Umber Studio", "leon", "Free", 0.35, 6, 1),
    ("Vantage Biotech", "clara", "Team", 0.41, 15, 1),
    ("Willow Foods", "petra", "Pro", 0.73, 24, 1),
    ("Yarrow Legal", "simon", "Pro", 0.87, 28, 0),
    ("Zephyr Games", "kaya", None, 1.1, 12, -8),
)
RUNAWAY = "Juniper Analytics"

SUBJECTS = (
    "Northwind", "Customer portal", "Invoice", "Quarterly pricing", "Warehouse stock", "Support inbox", "Churn",
    "Payroll", "Release notes", "Search index", "Fleet telemetry", "Contract", "Onboarding", "Mobile app",
    "Checkout", "Data warehouse", "Supplier", "Marketing site", "Access log", "Forecast", "Knowledge base",
    "Lab results", "Booking engine", "Event stream", "Tax report", "Image archive", "Price list", "Partner API",
)  # fmt: skip
TASKS = (
    "data migration", "review", "clean-up", "summary", "test coverage", "dashboard", "root cause analysis",
    "translation", "deduplication", "rewrite", "load test", "weekly digest", "schema change", "audit",
    "classification", "backfill", "comparison", "upgrade plan", "incident report", "reconciliation",
)  # fmt: skip
PROJECTS = ("Operations", "Research desk")


@dataclass(frozen=True)
class Account:
    """`dollars_a_day` is its average usage; `anchor` is where one of its monthly periods began."""

    account_id: UUID
    name: str
    email: str
    created_at: datetime
    plan: str | None
    credits_included: int | None
    anchor: datetime
    dollars_a_day: float
    hours_east: int
    projects: tuple[UUID, ...]

    @property
    def dollars_included(self) -> Decimal | None:
        return None if self.credits_included is None else Decimal(self.credits_included) / 100

    def period(self, at: datetime) -> tuple[datetime, datetime]:
        """Start and end of the monthly period that `at` lies in."""
        months = (at.year - self.anchor.year) * 12 + at.month - self.anchor.month
        if months_after(self.anchor, months) > at:
            months -= 1
        return months_after(self.anchor, months), months_after(self.anchor, months + 1)


@dataclass(frozen=True)
class Thread:
    thread_id: UUID
    account_id: UUID
    project_id: UUID
    title: str
    created_at: datetime


@dataclass(frozen=True)
class Cast:
    seed: int
    first_start: datetime
    accounts: tuple[Account, ...]

    @property
    def account_ids(self) -> list[UUID]:
        return [account.account_id for account in self.accounts]

    @property
    def runaway(self) -> Account:
        return next(account for account in self.accounts if account.name == RUNAWAY)

    def live_account(self, rng: Random) -> Account:
        """Whose agent starts a live thread: larger plans more often; small ones would be used up in a minute."""
        weights = [LIVE_WEIGHTS.get(account.plan or "", 0) for account in self.accounts]
        return rng.choices(self.accounts, weights)[0]

    def threads(self, account: Account, monday: date) -> list[Thread]:
        """The threads that an account opens in the week of `monday`, oldest first."""
        rng = Random(f"{self.seed}:{account.name}:{monday}")  # noqa: S311
        start = datetime.combine(monday, time(), UTC)
        opened = sorted(
            start + timedelta(seconds=rng.triangular(0, 7 * 86_400, 90_000))
            for _ in range(THREADS_A_WEEK.get(account.plan or PAY_AS_YOU_GO, 1))
        )
        opened[0] = start  # so that a run finds a thread on Monday morning too
        return [new_thread(rng, account, at) for at in opened]


def make_cast(seed: int, first_start: datetime) -> Cast:
    return Cast(seed, first_start, tuple(make_account(number, first_start) for number in range(len(COMPANIES))))


def make_account(number: int, first_start: datetime) -> Account:
    name, contact, plan, used, elapsed, hours_east = COMPANIES[number]
    included = PLANS.get(plan or "")
    domain = "".join(letter for letter in name.lower() if letter.isalpha())
    return Account(
        account_id=uuid5(NAMESPACE, f"account {number}"),
        name=name,
        email=f"{contact}@{domain}.example.com",
        created_at=first_start - (MARKER_AGE if number == 0 else timedelta(days=70 + 37 * number % 300)),
        plan=plan,
        credits_included=included,
        anchor=first_start - timedelta(days=elapsed, minutes=7 * number),
        dollars_a_day=used if included is None else used * included / 100 / elapsed,
        hours_east=hours_east,
        projects=tuple(uuid5(NAMESPACE, f"account {number} project {project}") for project in PROJECTS),
    )


def new_thread(rng: Random, account: Account, created_at: datetime) -> Thread:
    title = f"{rng.choice(SUBJECTS)} {rng.choice(TASKS)}"
    return Thread(new_id(rng), account.account_id, rng.choice(account.projects), title, created_at)


def new_id(rng: Random) -> UUID:
    return UUID(int=rng.getrandbits(128))


def months_after(start: datetime, months: int) -> datetime:
    """The same day and time some months later (or earlier), or the month's last day where it is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)
