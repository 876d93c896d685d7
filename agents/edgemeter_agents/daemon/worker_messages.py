"""What daemon and worker say to each other: one JSON document a line."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from edgemeter.measurement import FailureDocument
from edgemeter.wire.agents import Measured, NotMeasured, TargetOffer
from edgemeter.wire.recipes import Builds, Recipe
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
    """One network of an order. `file` has been checked to be `sha256`; `own`: it was built here."""

    attempt_id: int
    file: str
    own: bool = False
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


class RecipeJob(Line):
    attempt_id: int
    recipe: Recipe


class BuildNetworks(Line):
    """Asks for files in `folder`, in order, until they have more than `most_bytes`. Answered by `Built`."""

    type: Literal["build"] = "build"
    folder: str
    most_bytes: int
    jobs: tuple[RecipeJob, ...]


class BuiltNetwork(Line):
    attempt_id: int
    file: str
    sha256: str
    size_bytes: int


class NotBuilt(Line):
    attempt_id: int
    failure: FailureDocument


class Built(Line):
    type: Literal["built"] = "built"
    networks: tuple[BuiltNetwork, ...]
    failures: tuple[NotBuilt, ...]


class Described(Line):
    """`device` is the model's slug, as in the targets; `builds` the spaces whose recipes can be built."""

    type: Literal["described"] = "described"
    device: str
    description: dict[str, Any]
    offers: tuple[TargetOffer, ...]
    builds: tuple[Builds, ...] = ()


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


Request = Annotated[Describe | BuildNetworks | MeasureJobs, Field(discriminator="type")]
#: What ends the answer to a request.
Last = Described | Built | Done
Answer = Annotated[Described | Built | Told | Done, Field(discriminator="type")]
REQUEST: TypeAdapter[Describe | BuildNetworks | MeasureJobs] = TypeAdapter(Request)
ANSWER: TypeAdapter[Described | Built | Told | Done] = TypeAdapter(Answer)
