"""What is measured of one process, as Prometheus has it: each meter's name, meaning and steps, and who feeds it.

Whoever measures is handed a plain method of this (`Leader(..., observe=meters.folded)`), and knows no Prometheus.
Labels take few values: names of our own pools, callbacks and kinds of query, never an id or anything a client sent.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from data.account_list import COUNT_KEY
from data.account_standings import ROSTER_KEY, STANDINGS_KEY
from data.overview_queries import PAST_KEY
from data.queries import NAV_KEY, SUBSCRIPTION_KEY, THREAD_KEY
from data.reign import Fold

QUICK = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
SLOW = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

TRANSPORTS = ("websocket", "events")
# Below a scope's navigation total lie the answers of whole pages; the third part of their keys says which.
PAGE_KINDS = frozenset({"overview", "standing"})
KINDS = frozenset({THREAD_KEY, NAV_KEY, SUBSCRIPTION_KEY, PAST_KEY, ROSTER_KEY, STANDINGS_KEY, COUNT_KEY} | PAGE_KINDS)


class Meters:
    """The meters of one process, on `registry`. Safe for threads.

    With several processes on a port each gauge says how theirs are taken together: added up, the least or the
    newest of them, or each with its process's number (`liveall`).
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"creditpulse_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"creditpulse_{name}", text, labels, registry=registry, buckets=buckets)

        def gauge(name: str, text: str, mode: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=registry, multiprocess_mode=mode)  # type: ignore[arg-type]

        self.fold_seconds = histogram("fold_seconds", "Folds that took changes, from the call to its commit.", QUICK)
        self.folded_changes = counter("folded_changes", "Changes that folds took from the queue.")
        self.empty_folds = counter("empty_folds", "Folds that found nothing.")
        self.push_seconds = histogram(
            "push_seconds",
            "From the moment a process hears of a fold until every stream's frame of it is ready to be sent.",
            QUICK,
        )
        self.cache_answers = counter(
            "cache_answers",
            "Answers by kind of query: cached (hit), read (miss), or of a read that somebody else had begun (shared).",
            "query",
            "outcome",
        )
        self.heavy_reads = counter(
            "heavy_reads",
            "Reads of heavy charts, by where they went and why; only with a replica.",
            "database",
            "because",
        )
        self.cache_entries = gauge(
            "creditpulse_cache_entries", "Entries and stamps that the cache in memory keeps, 10000 at most.", "livesum"
        )
        self.callback_seconds = histogram(
            "callback_seconds", "Callbacks, from their turn to their answer.", SLOW, "callback", "outcome"
        )
        self.loop_late_seconds = histogram(
            "loop_late_seconds", "How much later than planned the event loop came to its look, every second.", QUICK
        )
        self.streams = gauge("creditpulse_streams", "Open streams.", "livesum", "transport")
        self.pool = gauge("creditpulse_pool_connections", "Database connections.", "livesum", "pool", "state")
        self.pool_most = gauge("creditpulse_pool_most", "Connections that a pool may open.", "livesum", "pool")
        self.leading = gauge("creditpulse_leading", "Processes here that fold: 1 among all hosts.", "livesum")
        self.listening = gauge("creditpulse_listening", "Whether folds are heard of as they happen.", "livemin")
        self.queue_age_seconds = gauge(
            "creditpulse_queue_age_seconds", "How long the oldest committed change has waited.", "livemax"
        )
        self.queue_changes = gauge(
            "creditpulse_queue_changes", "Queued changes, counted up to 10000; NaN: no answer.", "livemostrecent"
        )
        self.cpu_seconds = Counter("process_cpu_seconds", "Processor time.", registry=registry)
        self.resident_bytes = gauge("process_resident_memory_bytes", "Resident memory.", "liveall")
        self.open_files = gauge("process_open_fds", "Open files and sockets.", "liveall")
        self.threads = gauge("process_threads", "Threads.", "liveall")

    def folded(self, fold: Fold) -> None:
        if fold.empty:
            self.empty_folds.inc()
            return
        self.fold_seconds.observe(fold.seconds)
        self.folded_changes.inc(fold.taken)

    def pushed(self, seconds: float) -> None:
        self.push_seconds.observe(seconds)

    def answered(self, key: tuple[str, ...], outcome: str) -> None:
        self.cache_answers.labels(kind_of(key), outcome).inc()

    def read_heavy(self, database: str, because: str) -> None:
        self.heavy_reads.labels(database, because).inc()

    def called_back(self, callback: str, outcome: str, seconds: float) -> None:
        self.callback_seconds.labels(callback, outcome).observe(seconds)


def kind_of(key: tuple[str, ...]) -> str:
    """The kind of query that a cache's key is of, one of KINDS, else `other`."""
    kind = key[2] if len(key) > 3 and key[0] == NAV_KEY else key[0]
    return kind if kind in KINDS else "other"
