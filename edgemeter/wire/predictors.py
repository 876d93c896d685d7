"""Predictors: asked for, fitted by the server, published as immutable versions."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from edgemeter.wire.base import Id, Instant, Message, Reply, Sha256, Slug

MAX_FIT_WAIT_S = 60.0
ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class FitState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class NewFit(Message):
    """One predictor of a space on a target, from what the project has measured there.

    Architectures that a campaign measured as tests are left out of the fit: it is judged by them.
    """

    project: Slug = "default"
    space: Slug
    target: Slug
    model: ModelName = "auto"
    activate: bool = True  #: answers estimates from then on


class FitDocument(Reply):
    """A fit and what became of it. `failure` says in words why there is no predictor."""

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


class Accuracy(Reply):
    """Of predictions of `networks` architectures that the fit has not seen; percentages of the measured
    latency. Correlations are None where all tie.
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


class PredictorDocument(Reply):
    """One published version, which never changes.

    `number` counts the versions of a space on a target. `snapshot_sha256` names the measurements it was
    fitted on. `cross_validated` is of training architectures held out in turn, `tested` of a campaign's test
    architectures. `retest_error` is the floor of both: what one network differs by between two sessions.
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
    fit_id: Id
