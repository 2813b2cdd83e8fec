"""The demo's invented world, without a database or a clock."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from genai_prices import Usage, calc_price

from data.demo_agents import QUIET_AT_START, RUNAWAY_FIRST, RUNAWAY_LASTS, Agents, CallMade, Event, RunEnded, RunStarted
from data.demo_calls import LARGEST_CONTEXT, MODELS, Call, Models
from data.demo_cast import Cast, make_cast, months_after
from data.demo_history import DAY, Window, midnight, missing_windows, runs_of
from data.demo_options import DemoOptions
from data.errors import InputError

NOW = datetime(2026, 3, 18, 14, 7, tzinfo=UTC)  # a Wednesday
TODAY = midnight(NOW.date())


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(NOW)


@pytest.fixture(scope="module")
def cast() -> Cast:
    return make_cast(7, NOW)


def make_agents(cast: Cast, models: Models, threads: int = 8, rate: float = 4.0) -> Agents:
    return Agents(cast, models, Random(3), threads, rate, NOW)


def advance_by(agents: Agents, seconds: int) -> list[Event]:
    """Everything that happens within so many seconds of the start, in steps as the simulator takes them."""
    return [event for passed in range(0, seconds, 10) for event in agents.advance(NOW + timedelta(seconds=passed))]


def calls_of(events: list[Event]) -> list[Call]:
    return [event.call for event in events if isinstance(event, CallMade)]


@pytest.mark.parametrize("model", MODELS)
def test_a_call_costs_its_list_price(models: Models, model: str) -> None:
    conversation = models.converse(Random(1), model)
    for call in [conversation.call(NOW) for _ in range(20)]:
        usage = Usage(
            input_tokens=call.prompt_tokens,
            cache_read_tokens=call.cache_read_tokens,
            cache_write_tokens=call.cache_write_tokens,
            output_tokens=call.completion_tokens,
        )
        price = calc_price(usage, model_ref=model, genai_request_timestamp=NOW).total_price
        assert abs(Decimal(call.cost_micros).scaleb(-6) - price) < Decimal("0.000001")


def test_a_context_grows_and_the_next_call_reads_it_from_the_cache(models: Models) -> None:
    conversation = models.converse(Random(2), "claude-sonnet-4-5")
    calls = [conversation.call(NOW) for _ in range(400)]
    summed_up = 0
    for before, after in pairwise(calls):
        if after.prompt_tokens < before.prompt_tokens:
            summed_up += 1
        else:
            assert after.cache_read_tokens == before.prompt_tokens
            assert after.prompt_tokens == after.cache_read_tokens + after.cache_write_tokens
    assert summed_up
    assert max(call.prompt_tokens for call in calls) <= LARGEST_CONTEXT


def test_a_day_of_history_is_always_the_same(cast: Cast, models: Models) -> None:
    window = Window(TODAY - DAY, TODAY)
    assert list(runs_of(cast, models, window)) == list(runs_of(make_cast(7, NOW), models, window))


def test_windows_of_a_day_share_no_run_and_each_run_lies_within_its_window(cast: Cast, models: Models) -> None:
    noon = TODAY - DAY / 2
    windows = [Window(TODAY - DAY, noon), Window(noon, TODAY)]
    runs = [(window, run) for window in windows for run in runs_of(cast, models, window)]
    assert len({run.run_id for _window, run in runs}) == len(runs) > 10
    for window, run in runs:
        assert window.start <= run.started_at <= min(call.at for call in run.calls)
        assert max(call.at for call in run.calls) <= run.ended_at < window.end
        assert run.thread.created_at <= run.started_at


def test_weekends_are_quiet_and_days_have_office_hours(cast: Cast, models: Models) -> None:
    by_day = {
        back: [run for run in runs_of(cast, models, Window(TODAY - back * DAY, TODAY - (back - 1) * DAY))]
        for back in range(1, 8)
    }
    weekday, sunday = by_day[1], by_day[3]
    assert len(weekday) > 2 * len(sunday) > 0
    hours = Counter(run.started_at.hour for runs in by_day.values() for run in runs)
    assert sum(hours[hour] for hour in range(8, 18)) > sum(hours[hour] for hour in (*range(0, 4), *range(20, 24)))


def test_a_first_start_misses_today_and_every_day_before_newest_first() -> None:
    windows = missing_windows(NOW, 3, None, set())
    assert windows == [
        Window(TODAY, NOW),
        Window(TODAY - DAY, TODAY),
        Window(TODAY - 2 * DAY, TODAY - DAY),
        Window(TODAY - 3 * DAY, TODAY - 2 * DAY),
    ]


def test_a_history_that_was_cut_off_goes_on_where_it_stopped() -> None:
    present = {NOW.date(), NOW.date() - DAY}
    windows = missing_windows(NOW, 3, NOW - timedelta(minutes=1), present)
    assert [window.start for window in windows] == [TODAY - 2 * DAY, TODAY - 3 * DAY]


def test_a_pause_is_filled_from_the_last_call_on() -> None:
    last = TODAY - 2 * DAY + timedelta(hours=9)
    present = {date(2026, 3, 16), date(2026, 3, 15)}
    assert missing_windows(NOW, 3, last, present) == [
        Window(TODAY, NOW),
        Window(TODAY - DAY, TODAY),
        Window(last, TODAY - DAY),
    ]


def test_a_complete_history_and_no_history_miss_nothing() -> None:
    present = {NOW.date() - back * DAY for back in range(4)}
    assert missing_windows(NOW, 3, NOW, present) == []
    assert missing_windows(NOW, 0, None, set()) == []


def test_a_months_end_is_kept_within_shorter_months() -> None:
    start = datetime(2026, 1, 31, 10, 7, tzinfo=UTC)
    assert months_after(start, 1) == datetime(2026, 2, 28, 10, 7, tzinfo=UTC)
    assert months_after(start, -2) == datetime(2025, 11, 30, 10, 7, tzinfo=UTC)


@pytest.mark.parametrize("days", [-400, -31, 0, 17, 45, 800])
def test_a_period_holds_its_moment_and_periods_follow_each_other(cast: Cast, days: int) -> None:
    at = NOW + timedelta(days=days)
    for account in cast.accounts:
        start, end = account.period(at)
        assert start <= at < end
        assert account.period(end)[0] == end


def test_agents_together_keep_the_rate_that_is_asked_for(cast: Cast, models: Models) -> None:
    agents = make_agents(cast, models, threads=60, rate=50.0)
    events = advance_by(agents, int(RUNAWAY_FIRST.total_seconds()))
    assert 0.75 < len(calls_of(events)) / (50 * RUNAWAY_FIRST.total_seconds()) < 1.25


def test_the_first_events_are_there_at_once(cast: Cast, models: Models) -> None:
    events = make_agents(cast, models).advance(NOW)
    assert sum(isinstance(event, RunStarted) for event in events) >= 5


def test_agents_run_rest_and_every_end_had_its_start(cast: Cast, models: Models) -> None:
    agents = make_agents(cast, models)
    running: set[object] = set()
    seen_running = set()
    statuses = Counter[str]()
    for second in range(0, 3600, 20):
        for event in agents.advance(NOW + timedelta(seconds=second)):
            if isinstance(event, RunStarted):
                running.add(event.run_id)
            if isinstance(event, RunEnded):
                running.remove(event.run_id)
                statuses[event.status] += 1
                assert (event.error is not None) == (event.status == "failed")
        seen_running.add(len(running))
    assert min(seen_running) < max(seen_running) <= 8
    assert statuses["completed"] > statuses["failed"] > 0
    assert statuses["stopped"] > 0


def test_the_runaway_spends_several_times_its_usual_rate_for_some_minutes(cast: Cast, models: Models) -> None:
    agents = make_agents(cast, models)
    pace = agents.agents[0].pace_seconds
    events = advance_by(agents, 420)
    runaway = [e.call.at for e in events if isinstance(e, CallMade) and e.thread.account_id == cast.runaway.account_id]
    busiest = max(sum(at <= other < at + timedelta(minutes=1) for other in runaway) for at in runaway)
    assert 3 < busiest * pace / 60 < 12
    calm = NOW + RUNAWAY_FIRST + RUNAWAY_LASTS + timedelta(minutes=1)
    assert sum(at > calm for at in runaway) < busiest


def test_a_run_goes_quiet_and_fails_in_the_end(cast: Cast, models: Models) -> None:
    agents = make_agents(cast, models)
    events: list[Event] = agents.begin_quiet()
    assert max(call.at for call in calls_of(events)) == NOW - QUIET_AT_START
    events += advance_by(agents, 600)
    started = next(event for event in events if isinstance(event, RunStarted))
    ended = next(event for event in events if isinstance(event, RunEnded) and event.run_id == started.run_id)
    assert ended.status == "failed"
    assert "no answer from the model" in (ended.error or "")
    quiet_thread = [e.call.at for e in events if isinstance(e, CallMade) and e.thread.thread_id == started.thread_id]
    assert not any(NOW - QUIET_AT_START < at <= ended.at for at in quiet_thread)


def test_after_a_long_sleep_agents_go_on_without_a_burst(cast: Cast, models: Models) -> None:
    agents = make_agents(cast, models)
    agents.advance(NOW)
    morning = NOW + timedelta(hours=9)
    assert len(agents.advance(morning)) < 20
    assert agents.next_at >= morning


def test_the_same_seed_gives_the_same_events(cast: Cast, models: Models) -> None:
    until = NOW + timedelta(seconds=25)
    assert make_agents(cast, models).advance(until) == make_agents(cast, models).advance(until)


@pytest.mark.parametrize("wrong", [{"threads": 0}, {"rate": 0}, {"rate": float("nan")}, {"history_days": -1}])
def test_options_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="choose"):
        DemoOptions(**wrong)  # type: ignore[arg-type]
