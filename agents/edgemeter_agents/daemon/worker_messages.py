"""What daemon and worker say to each other: one JSON document a line."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from edgemeter.wire.agents import Measured, NotMeasured, TargetOffer
from edgemeter.wire.specs import JobSpec

#: A line: some hundred thousand samples.
LINE_BYTES = 256 << 20


class Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Describe(Line):
    """Asks what this machine is and offers. Answered by `Described`."""

    type: Literal["describe"] = "describe"
    threads: tuple[int, ...]
    batches: tuple[int, ...]


class WorkerJob(Line):
    """One network of an order. `file` has been checked to be `sha256`."""

    attempt_id: int
    file: str
    name: str
    sha256: str
    shapes: dict[str, tuple[int, ...]]


class MeasureJobs(Line):
    """Asks to measure networks together. Answered by `Told` lines and one `Done`.

    `spec` is the same for all of them but for the shapes.
    """

    type: Literal["measure"] = "measure"
    target: str
    spec: JobSpec
    jobs: tuple[WorkerJob, ...]


class Described(Line):
    """`device` is the model's slug, as in the targets."""

    type: Literal["described"] = "described"
    device: str
    description: dict[str, Any]
    offers: tuple[TargetOffer, ...]


class Told(Line):
    """Progress, for the log."""

    type: Literal["told"] = "told"
    text: str


class JobOutcome(Line):
    attempt_id: int
    outcome: Annotated[Measured | NotMeasured, Field(discriminator="result")]


class Done(Line):
    """One outcome for each job. `measuring_s` is the measuring alone, without what is around it."""

    type: Literal["done"] = "done"
    measuring_s: float
    seed: int
    provenance: dict[str, Any]
    outcomes: tuple[JobOutcome, ...]


Request = Annotated[Describe | MeasureJobs, Field(discriminator="type")]
Answer = Annotated[Described | Told | Done, Field(discriminator="type")]
REQUEST: TypeAdapter[Describe | MeasureJobs] = TypeAdapter(Request)
ANSWER: TypeAdapter[Described | Told | Done] = TypeAdapter(Answer)
