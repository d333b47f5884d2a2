"""Every metric of a server, with its unit and labels. A key of an object is never a label.

Values are read when Prometheus asks: nothing here runs on the way of a call.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from aidevos.telemetry.meters import SECONDS_BOUNDS, CallMeters
from aidevos.version import VERSION

GAUGES = {
    "shards": ("aidevos_shards", "Shards that this host owns and serves"),
    "objects": ("aidevos_objects", "Objects in the shards' indexes, deleted ones included"),
    "residents": ("aidevos_resident_objects", "Objects in memory"),
    "collector_pause_us_max": (
        "aidevos_collector_pause_microseconds_max",
        "The longest time so far that the cyclic collector held the server",
    ),
    "sessions": ("aidevos_sessions", "Sessions that changed something and have not expired"),
    "call_records": ("aidevos_call_records", "Calls that are remembered to be applied once"),
}
"""Gauges by the name of their count in `Sources.statistics`."""
COUNTERS = {
    "rows": ("aidevos_log_rows", "Rows of the shards' logs: group commits of one shard each"),
    "log_commits": ("aidevos_log_commits", "Transactions of the store: one fsync each"),
}
"""Counters by the name of their count in `Sources.statistics`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the values come from."""

    calls: CallMeters
    statistics: Callable[[], Mapping[str, int]]
    worker_starts: Callable[[], Mapping[str, int]]
    """Worker processes started so far, by service."""


class Metrics:
    """The registry of one server; `expose` is its /metrics."""

    def __init__(self, sources: Sources) -> None:
        """Register everything there is."""
        self._sources = sources
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def expose(self) -> tuple[bytes, str]:
        """Return the text of all metrics and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def collect(self) -> Iterator[Metric]:
        """Yield each metric as it is now."""
        yield InfoMetricFamily("aidevos_build", "What runs", value={"version": VERSION})
        yield self._calls()
        yield self._seconds()
        yield from self._statistics()
        yield self._workers()

    def _calls(self) -> Metric:
        family = CounterMetricFamily(
            "aidevos_calls",
            "Calls by type and outcome: OK or the reason of the refusal",
            labels=("object_type", "outcome"),
        )
        for labels, count in self._sources.calls.calls.items():
            family.add_metric(labels, count)
        return family

    def _seconds(self) -> Metric:
        calls, buckets, total = self._sources.calls, [], 0
        for bound, count in zip((*map(str, SECONDS_BOUNDS), "+Inf"), calls.buckets, strict=True):
            total += count
            buckets.append((bound, total))
        family = HistogramMetricFamily(
            "aidevos_call_seconds", "From a call's arrival at the host to its answer"
        )
        family.add_metric((), buckets, calls.seconds)
        return family

    def _statistics(self) -> Iterator[Metric]:
        found = self._sources.statistics()
        for key, (name, text) in GAUGES.items():
            if key in found:
                yield GaugeMetricFamily(name, text, value=found[key])
        for key, (name, text) in COUNTERS.items():
            if key in found:
                yield CounterMetricFamily(name, text, value=found[key])

    def _workers(self) -> Metric:
        family = CounterMetricFamily(
            "aidevos_worker_starts",
            "Worker processes started, by service; more than one each are restarts",
            labels=("service",),
        )
        for service, count in self._sources.worker_starts().items():
            family.add_metric((service,), count)
        return family
