"""Requests: what a user asks for, and what became of it."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from edgemeter.measurement import FailureDocument, Interval, Validity
from edgemeter.wire.base import Id, Instant, Label, Message, Reply, Sha256, Slug
from edgemeter.wire.recipes import Recipe
from edgemeter.wire.specs import JobSpec

MAX_ITEMS = 10_000
MAX_REQUEST_WAIT_S = 60.0


class RequestState(StrEnum):
    WAITING = "waiting"  #: no attempt runs
    RUNNING = "running"
    DONE = "done"  #: there is an answer
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"  #: an attempt is live
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RequestItem(Message):
    """One network on one target: a file that was handed in, or a recipe, which the agent builds.

    `fresh` measures again even where a valid measurement is stored.
    """

    artifact: Sha256 | None = None
    recipe: Recipe | None = None
    target: Slug
    spec: JobSpec = JobSpec()
    fresh: bool = False
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    deadline_s: Annotated[float, Field(gt=0, le=30 * 86_400)] | None = None
    label: Label | None = None

    @model_validator(mode="after")
    def _one_network(self) -> Self:
        if (self.artifact is None) == (self.recipe is None):
            raise ValueError("one of `artifact` and `recipe` is needed")
        return self

    @property
    def address(self) -> str:
        """The sha256 by which the network is known from now on: of the file, or of the recipe."""
        return self.artifact or (self.recipe.sha256() if self.recipe else "")


class NewRequests(Message):
    """All of them are accepted, durably, or none."""

    project: Slug = "default"
    items: Annotated[tuple[RequestItem, ...], Field(min_length=1, max_length=MAX_ITEMS)]


class Estimate(Reply):
    """An answer, and how it was got. `stored`: measured before the request came."""

    latency_ms: float
    interval: Interval
    validity: Validity
    protocol: str
    how: Literal["measured", "stored"]
    measurement_id: Id
    target: Slug
    revision: int
    device: Slug
    measured_at: Instant


class RequestDocument(Reply):
    """`ahead` counts jobs that will be claimed before, where that is known."""

    id: Id
    project: Slug
    label: Label | None
    artifact: Sha256
    name: Label
    target: Slug
    spec: JobSpec
    state: RequestState
    created_at: Instant
    ended_at: Instant | None = None
    job_id: Id | None = None
    attempts: int = 0
    ahead: int | None = None
    estimate: Estimate | None = None
    failure: FailureDocument | None = None


class Requests(Reply):
    requests: tuple[RequestDocument, ...]


class JobDocument(Reply):
    id: Id
    artifact: Sha256
    name: Label
    target: Slug
    spec: JobSpec
    state: JobState
    priority: int
    created_at: Instant
    not_before: Instant | None = None  #: backing off after a failure
    attempts: tuple["AttemptDocument", ...] = ()
    failure: FailureDocument | None = None
    measurement_id: Id | None = None


class AttemptDocument(Reply):
    """`charged` says who pays for a failure: the job's tries, the device's health, or nobody."""

    id: Id
    number: int
    device: Slug
    state: Literal["live", "reported", "expired", "released", "superseded"]
    started_at: Instant
    ended_at: Instant | None = None
    failure: FailureDocument | None = None
    charged: Literal["job", "device", "nobody"] | None = None
