"""What parent and child say to each other. The child may be hostile: the parent validates every word."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from edgemeter.failures import Failure
from edgemeter.kernels.kernel import Kernel
from edgemeter.protocols import MeasuringProtocol
from edgemeter_agents.measuring.samples import Block
from edgemeter_agents.runtimes.base import Facts, LayerTime, Settings

Task = Literal["latency", "layers", "memory", "sustained", "throughput", "kernels"]
Priority = Literal["fifo", "nice", "normal"]


@dataclass(frozen=True, slots=True)
class Job:
    """One network as the child needs it. `file` and `inputs` lie in the job's private folder.

    Where a later visit may open the session again, `exports` says where to leave it; there `exported` is set,
    and `file` is what was left.
    """

    id: str
    file: str
    shapes: dict[str, tuple[int, ...]]
    inputs: str | None = None  #: an .npz with the user's own tensors, else seeded random ones
    exported: bool = False
    exports: str | None = None


@dataclass(frozen=True, slots=True)
class VisitSpec:
    """Everything a child does: one task, on one runtime, over jobs in the given order.

    `duration_s` and `streams` belong to the tasks `sustained` and `throughput`, `profiled` to `kernels`.
    `facts_of` are the jobs whose session is asked what it really runs (it costs time, and once is enough).
    """

    runtime: str
    settings: Settings
    protocol: MeasuringProtocol
    jobs: tuple[Job, ...]
    priority: Priority
    seed: int
    task: Task = "latency"
    facts_of: frozenset[str] = frozenset()
    duration_s: float = 0.0
    streams: int = 1
    profiled: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """The child is about to touch this job: from here on a crash is the job's."""

    job: str
    type: Literal["started"] = "started"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The job has its session. Preparing and running have time limits of their own."""

    job: str
    type: Literal["prepared"] = "prepared"


@dataclass(frozen=True, slots=True)
class Measured:
    job: str
    load_ms: float | None  #: importing the engine, in the process that this child was forked from
    prepare_ms: float | None  #: None where it was opened again from what an earlier visit has left
    block: Block
    delay_available: bool  #: whether the kernel tells run-queue delay
    facts: Facts | None
    facts_ms: float  #: how long asking for the facts took
    type: Literal["measured"] = "measured"


@dataclass(frozen=True, slots=True)
class Profiled:
    job: str
    layers: tuple[LayerTime, ...]
    note: str | None
    type: Literal["profiled"] = "profiled"


@dataclass(frozen=True, slots=True)
class Told:
    """The kernels that the engine runs; with their times where `VisitSpec.profiled` says so."""

    job: str
    kernels: tuple[Kernel, ...]
    type: Literal["told"] = "told"


@dataclass(frozen=True, slots=True)
class Noted:
    """A single figure: bytes for `memory`, milliseconds for `sustained`, inferences/s for `throughput`."""

    job: str
    value: float
    type: Literal["noted"] = "noted"


@dataclass(frozen=True, slots=True)
class Failed:
    job: str
    failure: Failure
    type: Literal["failed"] = "failed"


@dataclass(frozen=True, slots=True)
class Finished:
    """Every job of the visit was gone through."""

    type: Literal["finished"] = "finished"


Result = Measured | Profiled | Told | Noted | Failed
Message = Annotated[
    Started | Prepared | Measured | Profiled | Told | Noted | Failed | Finished, Field(discriminator="type")
]

MESSAGE: TypeAdapter[Any] = TypeAdapter(Message)
SPEC: TypeAdapter[VisitSpec] = TypeAdapter(VisitSpec)
