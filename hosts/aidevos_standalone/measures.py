"""What this process counts: calls at the port, and the parts' own counts when asked for."""

from aidevos_host.host import Host
from aidevos_host.worker_executor import WorkerExecutor

from aidevos.telemetry.meters import CallMeters, MeteredPort
from aidevos_standalone.info import statistics
from aidevos_standalone.store import Store


class Measures:
    """The metered port of a host, and the text of /metrics."""

    def __init__(self, host: Host, store: Store) -> None:
        """Count nothing yet."""
        self._host = host
        self._store = store
        self._calls = CallMeters()
        self.port = MeteredPort(host, self._calls)
        """What every door calls."""

    def expose(self) -> tuple[bytes, str]:
        """Return body and content type of /metrics; the library is loaded when first asked."""
        from aidevos.telemetry.metrics import Metrics, Sources  # noqa: PLC0415 (0.1 s to load)

        sources = Sources(
            calls=self._calls,
            statistics=lambda: statistics(self._host, self._store),
            worker_starts=self._worker_starts,
        )
        return Metrics(sources).expose()

    def _worker_starts(self) -> dict[str, int]:
        return {
            service.name: service.executor.starts
            for service in self._host.catalog.services()
            if isinstance(service.executor, WorkerExecutor)
        }
