"""What this process counts, and gauges that are set when it is asked. One registry for each application."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from edgemeter.wire.devices import DeviceHealth
from edgemeter_server.operations.figures import Figures

# Up to a minute: a claim may wait that long for a job.
_BUCKETS_S: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30, 60)


class Metrics:
    """Counters are of this process since it started; gauges are of the whole installation."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "edgemeter_http_requests",
            "Answered requests.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.request_seconds = Histogram(
            "edgemeter_http_request_seconds",
            "Time from a request to the end of its answer; of claims with their waiting.",
            ["method", "route"],
            buckets=_BUCKETS_S,
            registry=registry,
        )
        self.open_requests = Gauge(
            "edgemeter_http_open_requests", "Requests being answered, waiting ones too.", registry=registry
        )
        self.background_runs = Counter(
            "edgemeter_background_runs", "Periodic work done.", ["task", "outcome"], registry=registry
        )
        self._installation = _Installation(registry)

    def show(self, figures: Figures) -> None:
        self._installation.set(figures)


class _Installation:
    """What the database knows, the same on every server of it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, told: str, *labels: str) -> Gauge:
            return Gauge(f"edgemeter_{name}", told, labels, registry=registry)

        self._pending = gauge("jobs_pending", "Jobs that wait for a device.")
        self._running = gauge("jobs_running", "Jobs that are leased just now.")
        self._oldest_s = gauge("job_oldest_pending_seconds", "How long the oldest pending job has waited.")
        self._expired = gauge("leases_expired", "Leases that ran out and were never reported.")
        self._attempts = gauge("leases_granted", "Number of the newest lease.")
        self._measurements = gauge("measurements_stored", "Number of the newest measurement.")
        self._agents = gauge("agents_live", "Open sessions whose agent was heard of lately.")
        self._devices = gauge("devices", "Devices by health.", "health")
        self._drift = gauge(
            "anchor_drift_ratio", "The anchors' drift in a target's newest measurement.", "target"
        )
        self._drifted = gauge(
            "predictor_drifted",
            "1 where later measurements have left the predictor that answers, 0 where they have not.",
            "project",
            "space",
            "target",
        )
        self._database_bytes = gauge("database_bytes", "What the database takes on disk.")
        self._artifact_bytes = gauge("artifact_bytes", "What stored artifacts take, each once.")

    def set(self, figures: Figures) -> None:
        self._pending.set(figures.queue.pending_jobs)
        self._running.set(figures.queue.running_jobs)
        self._oldest_s.set(figures.queue.oldest_pending_s)
        self._expired.set(figures.queue.expired_attempts)
        self._attempts.set(figures.newest_attempt)
        self._measurements.set(figures.newest_measurement)
        self._agents.set(figures.agents_live)
        for health in DeviceHealth:
            self._devices.labels(health.value).set(figures.devices.get(health, 0))
        self._drift.clear()
        for target, drift in figures.drift_by_target.items():
            self._drift.labels(target).set(drift)
        self._drifted.clear()
        for each in figures.watched:
            self._drifted.labels(each.project, each.space, each.target).set(each.drifted)
        self._database_bytes.set(figures.database_bytes)
        self._artifact_bytes.set(figures.artifact_bytes)
