"""Campaigns: a search space measured on targets, and what that leaves behind."""

from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, StringConstraints

from edgemeter.failures import FailureKind
from edgemeter.wire.base import Id, Instant, Label, Message, Reply, Sha256, Slug, Text
from edgemeter.wire.recipes import RecipeKind

MOST_TARGETS = 64
MOST_NETWORKS = 5_000
MOST_IMPORTED = 2_000_000
_HALF_WIDTH = 1.645  #: of a 90 % interval, in standard deviations


class Purpose(StrEnum):
    """Why a campaign measures a network."""

    OPERATOR = "operator"  #: one operator in its context, for the table
    TRAIN = "train"  #: an architecture to fit a predictor on
    TEST = "test"  #: one to judge it by
    REPEAT = "repeat"  #: one of these once more, which tells how well latencies repeat


class CampaignState(StrEnum):
    ACTIVE = "active"
    DONE = "done"
    CANCELLED = "cancelled"


Words = Annotated[tuple[Label, ...], Field(min_length=1, max_length=256)]


class PlannedPart(Message):
    """A generated space: of a space at `version`, by column, the choices that are left; columns that are not
    there keep all. `name` is for people.
    """

    name: Label
    version: Annotated[int, Field(ge=1, le=10**9 - 1)]
    choices: Annotated[dict[Label, Words], Field(max_length=256)]


class CampaignPlan(Message):
    """What is measured on each target, in a random order.

    All operators in their distinct contexts, or a sample of `contexts` where there are more; then
    `architectures` to train on and `test` others to judge by, drawn with `seed`: by turns uniform, and wide,
    which is with another skewed mix of operators each. A share of all, `repeats`, is measured twice. With
    `budget_s` it stops when a target's devices have spent so much time, and the operators come first. With
    `part` all are of that part of the space. With `active` the architectures to train on are those of
    which a target's predictor knows least, where one answers: new ones, each time. What was invalid
    because something disturbed it is measured anew when all others have ended, in up to `rounds` rounds.
    """

    space: Slug
    targets: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=MOST_TARGETS)]
    contexts: Annotated[int, Field(ge=0, le=MOST_NETWORKS)] = 1000
    architectures: Annotated[int, Field(ge=0, le=MOST_NETWORKS)] = 50
    test: Annotated[int, Field(ge=0, le=MOST_NETWORKS)] = 20
    repeats: Annotated[float, Field(ge=0, le=0.5)] = 0.02
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    protocol: Literal["survey", "precise"] = "survey"
    rounds: Annotated[int, Field(ge=1, le=10)] = 3
    fresh: bool = False  #: measures again what is stored
    layers: bool = False  #: profiles the architectures' layers too
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    budget_s: Annotated[float, Field(ge=1, le=30 * 86_400)] | None = None
    part: PlannedPart | None = None
    active: bool = False

    @property
    def shown_space(self) -> str:
        """For people."""
        return self.space if self.part is None else f"{self.part.name} (of {self.space})"


class NewCampaign(CampaignPlan):
    project: Slug = "default"


class PurposeCounts(Reply):
    """Networks by what became of them. `stored` were known before; `invalid` are among the measured.
    `outdated`, whatever became of them, were asked for by another version of the protocol than today's.
    """

    planned: int = 0
    waiting: int = 0
    running: int = 0
    measured: int = 0
    stored: int = 0
    invalid: int = 0
    failed: int = 0
    cancelled: int = 0
    outdated: int = 0


class Unsupported(Reply):
    """A network that the target cannot run, and what it said."""

    kind: RecipeKind
    text: str
    failure_kind: FailureKind
    message: str


class CampaignTarget(Reply):
    """How far a campaign is on one target.

    `contexts` is how many the space or its part has, of which `planned["operator"]` are measured. `device_s`
    is what the devices have spent on it, `remaining_s` what is left, operators and architectures at their own
    rates; None while one has not been seen. `retest_error` is the mean relative difference of what was
    measured twice. `waits_for` says why nothing happens. `round` counts from 1, see CampaignPlan.
    """

    target: Slug
    contexts: int
    round: int = 1
    counts: dict[Purpose, PurposeCounts]
    unsupported: tuple[Unsupported, ...] = ()
    device_s: float = 0.0
    remaining_s: float | None = None
    retest_error: float | None = None
    repeated: int = 0
    waits_for: str | None = None


class CampaignDocument(Reply):
    id: Id
    project: Slug
    version: int  #: of the space
    plan: CampaignPlan
    state: CampaignState
    created_at: Instant
    ended_at: Instant | None = None
    targets: tuple[CampaignTarget, ...] = ()


class CampaignResult(Reply):
    """One network of a campaign on one target, with its latency or why there is none."""

    target: Slug
    position: int
    purpose: Purpose
    kind: RecipeKind
    text: str
    recipe_sha256: Sha256
    file_sha256: Sha256 | None
    latency_ms: float | None
    low_ms: float | None
    high_ms: float | None
    level: float | None
    samples: int | None
    valid: bool | None
    failure_kind: FailureKind | None
    measurement_id: Id | None
    protocol: str | None
    revision: int | None
    device: Slug | None
    measured_at: Instant | None


class LatencyRow(Reply):
    """A valid measurement of this target's current revision, the newest of its network.

    `text` is an operator's key or an architecture. `purpose` is that of the campaign that asked, if any.
    """

    text: str
    latency_ms: float
    low_ms: float
    high_ms: float
    samples: int
    measurement_id: Id
    measured_at: Instant
    purpose: Purpose | None = None

    @property
    def relative_error(self) -> float:
        """The standard deviation of a session's value, as a share of it: the interval is one of 90 %."""
        return (self.high_ms - self.low_ms) / (2 * _HALF_WIDTH * self.latency_ms)


class LatencyTable(Reply):
    target: Slug
    space: Slug
    version: int
    rows: tuple[LatencyRow, ...]


class Support(StrEnum):
    """Whether a target runs an operator on its own processor, by what its runtime has shown."""

    FULL = "full"
    PARTIAL = "partial"  #: some of it runs elsewhere, or in another precision
    NONE = "none"  #: it runs elsewhere, or not at all
    UNKNOWN = "unknown"  #: not measured, or the runtime does not tell


class OperatorSupport(Reply):
    """Of one operator in one context. `evidence` is what the runtime said."""

    key: str
    operator: str
    support: Support
    evidence: str
    measurement_id: Id | None = None


class Capabilities(Reply):
    """By operator of a space: the weakest of what its contexts have shown."""

    target: Slug
    space: Slug
    version: int
    operators: dict[str, Support]
    contexts: tuple[OperatorSupport, ...]


class ImportedValue(NamedTuple):
    """A row of a tidy table: `value` in `unit`, of `arch` on `device`."""

    arch: str
    device: str
    metric: str
    value: float
    unit: str


ImportSource = Annotated[Text, StringConstraints(min_length=1)]


class ImportDocument(Reply):
    """What was imported. It is kept apart from measurements, and says so wherever it is shown."""

    id: Id
    project: Slug
    space: Slug
    version: int
    license: str
    source: str
    devices: tuple[str, ...]
    rows: int
    imported: Literal[True] = True
    created_at: Instant


class ImportedRow(Reply):
    row: int
    text: str
    device: str
    metric: str
    value: float
    unit: str
    imported: Literal[True] = True
