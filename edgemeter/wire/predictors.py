"""Predictors: asked for, fitted by the server or elsewhere, published as immutable versions."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from edgemeter.measurement import Interval
from edgemeter.wire.base import Id, Instant, Message, Reply, Sha256, Slug

MAX_FIT_WAIT_S = 60.0
#: Stands where others have a space: a predictor of any ONNX or TFLite file, by the file's kernels.
ANY_NETWORK = "any-network"
MOST_KERNELS_BYTES = 16 << 20  #: of a saved predictor of kernels
MOST_SOURCES = 16  #: predictors of other targets that one fit starts from
ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class FitState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class NewFit(Message):
    """One predictor of a space on a target, from what the project has measured there.

    Architectures that a campaign measured as tests are left out of the fit: it is judged by them. `sources`
    are targets whose predictors of the space are its prior; None: those that the project has, where few
    architectures are measured.
    """

    project: Slug = "default"
    space: Slug
    target: Slug
    model: ModelName = "auto"
    sources: Annotated[tuple[Slug, ...], Field(max_length=MOST_SOURCES)] | None = None
    activate: bool = True  #: answers estimates from then on


class FitDocument(Reply):
    """A fit and what became of it. `failure` says in words why there is no predictor, `reason` why the server
    began it, where nobody asked.
    """

    id: Id
    project: Slug
    space: Slug
    version: int  #: of the space
    target: Slug
    model: str
    state: FitState
    created_at: Instant
    ended_at: Instant | None = None
    predictor_id: Id | None = None
    failure: str | None = None
    reason: str | None = None


class Accuracy(Reply):
    """Of predictions of `networks` architectures that the fit has not seen; percentages of the measured
    latency. Correlations are None where all tie. `score_90_percent` is the interval score, the mean of width
    plus 20 times what is missed by: the lower the better.
    """

    networks: int
    mape_percent: float
    rmse_ms: float
    within_5_percent: float
    within_10_percent: float
    spearman: float | None
    kendall: float | None
    coverage_90_percent: float | None = None
    width_90_percent: float | None = None
    score_90_percent: float | None = None


class DriftDocument(Reply):
    """How a version that answers fares on what was measured since: `networks` new architectures, or files.

    `inside_percent` of them lie in their 90 % intervals, `shift_percent` is how far they are above the
    predictions on average, `anchors_percent` how far the anchors have moved since what it was fitted on.
    `reason` says what moved.
    """

    drifted: bool
    networks: int
    inside_percent: float
    shift_percent: float
    anchors_percent: float | None = None
    reason: str = ""
    checked_at: Instant


class KernelCampaign(Reply):
    """What a predictor of kernels was fitted from, on a machine that has the engine: `kernels` of sampled
    networks, measured by `protocol`. Another version of the engine may fuse and compute otherwise.
    """

    engine_version: str
    protocol: str
    kernels: int
    published_by: str  #: the name of a token


class PredictorDocument(Reply):
    """One published version, which never changes.

    `number` counts the versions of a space on a target. `snapshot_sha256` names the measurements it was
    fitted on. `cross_validated` is of training architectures held out in turn, `tested` of campaigns' test
    architectures, `tested_apart` of those of each generated space by its name, `drift` of what was measured
    since. `retest_error` is the floor of all: what one network differs by between two sessions.

    A predictor of any file has the `space` ANY_NETWORK, the `version` of how it reads kernels, and
    `campaign`; `snapshot_sha256` is then of that. `stale` says that the target now runs another engine.
    """

    id: Id
    project: Slug
    space: Slug
    version: int  #: of the space
    target: Slug
    revision: int  #: of the target
    number: int
    active: bool
    model: str
    explanation: str
    operators: int
    networks: int
    snapshot_sha256: Sha256
    file_sha256: Sha256
    size_bytes: int
    edgemeter_version: str
    created_at: Instant
    retest_error: float | None = None
    cross_validated: Accuracy | None = None
    tested: Accuracy | None = None
    tested_apart: dict[str, Accuracy] = Field(default_factory=dict)
    fit_id: Id
    drift: DriftDocument | None = None  #: None before enough was measured to compare with
    campaign: KernelCampaign | None = None
    stale: str | None = None


class ComparedNetwork(Reply):
    """An architecture by its text, or a file by its sha256."""

    architecture: str
    measurement_id: Id
    measured_ms: float
    first_ms: float
    first_interval: Interval
    second_ms: float
    second_interval: Interval


class Comparison(Reply):
    """Two versions of a space on a target, on the `networks` measured there that neither was fitted on: tests
    of campaigns, and what was measured since. `differing` are those of them on which the versions differ
    most, `difference_percent` is the mean of that difference. Without such networks there are only the
    documents.
    """

    first: PredictorDocument
    second: PredictorDocument
    networks: int
    first_accuracy: Accuracy | None = None
    second_accuracy: Accuracy | None = None
    second_is_nearer: int | None = None  #: to the measured latency, of so many networks
    difference_percent: float | None = None
    differing: tuple[ComparedNetwork, ...] = ()
