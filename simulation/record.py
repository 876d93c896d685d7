"""What the outside world saw, kept by the simulation to hold the service to it at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from edgemeter.wire.agents import Lease, ReportBatch, Reported


@dataclass(frozen=True, slots=True)
class Run:
    """An attempt was on a device's processor from `begin_s` to `end_s`."""

    device: str
    attempt_id: int
    job_id: int
    begin_s: float
    end_s: float


@dataclass
class Record:
    """Requests and attempts by id. What is `broken` at once is told in words."""

    acknowledged: set[int] = field(default_factory=set)
    cancelled: set[int] = field(default_factory=set)  #: whose cancellation was acknowledged
    kept: dict[int, None] = field(default_factory=dict)  #: attempts whose reports agents have put on disk
    runs: list[Run] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    agent_kills: int = 0
    events: int = 0  #: that agents' machines have handled

    @contextmanager
    def measuring(self, device: str, lease: Lease, now_s: Callable[[], float]) -> Iterator[None]:
        begin_s = now_s()
        try:
            yield
        finally:
            self.runs.append(Run(device, lease.attempt_id, lease.job_id, begin_s, now_s()))

    def keeps(self, batch: ReportBatch) -> None:
        self.kept |= dict.fromkeys(report.attempt_id for report in batch.reports)

    def delivered(self, batch: ReportBatch, reported: Reported) -> None:
        if {receipt.attempt_id for receipt in reported.receipts} != {r.attempt_id for r in batch.reports}:
            self.broken.append("a report's receipts name other attempts than the report")
        for receipt in reported.receipts:
            if receipt.state == "unknown":
                self.broken.append(f"attempt {receipt.attempt_id} was leased and is unknown now")

    def refused(self, batch: ReportBatch) -> None:
        self.broken.append(f"the server will not take a report: {[r.attempt_id for r in batch.reports]}")
