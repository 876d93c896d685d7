"""The agent protocol: register, claim, renew, report. See docs/agent-protocol.md.

A lease is the right of one agent session to run one attempt for a while. Its secret fences it: who
does not have it changes nothing. Every call may be repeated: an opening by its `opening_id`, a claim by
its `claim_id`, a report by its attempt.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from edgemeter.failures import FailureKind
from edgemeter.measurement import FailureDocument, Measurement, TargetDocument
from edgemeter.wire.artifacts import ArtifactReference
from edgemeter.wire.base import Id, Label, Message, Reply, Slug
from edgemeter.wire.recipes import Builds, LeasedRecipe
from edgemeter.wire.specs import JobSpec

PROTOCOL_VERSION = 1
MAX_LEASES = 64
MAX_OFFERS = 256
MAX_WAIT_S = 60.0

Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
Facts = Annotated[dict[str, Any], Field(max_length=200)]


class Enrol(Message):
    """Sent with a one-time enrolment token; answered by a token bound to this device."""

    device: Slug
    name: Label | None = None


class Enrolled(Reply):
    device: Slug
    token: str  #: shown once


class TargetOffer(Message):
    """A way of running networks that this agent has. A changed fingerprint makes a new revision."""

    target: TargetDocument
    formats: tuple[Literal["onnx", "tflite"], ...]
    fingerprint: Facts


class NewestSession(Reply):
    """The session that the device had last, open or over. The next opening names it."""

    session_id: Id | None


class OpenSession(Message):
    """One process of one agent. It ends the device's session before, whose leases it may still report.

    `opening_id` is made by the client, new for each session that it wants: the same again returns the same
    session. `follows` is the device's newest session: where another was opened since, this one is late, and
    refused.
    `builds` are the spaces whose recipes it can build: without them it gets jobs for files only.
    """

    protocol_version: int
    agent_version: Label
    opening_id: UUID
    follows: Id | None = None
    description: Facts  #: of the device, for people: model, processors, memory
    offers: Annotated[tuple[TargetOffer, ...], Field(max_length=MAX_OFFERS)]
    builds: Annotated[tuple[Builds, ...], Field(max_length=MAX_OFFERS)] = ()


class OfferState(Reply):
    slug: Slug
    revision: int
    approved: bool


class SessionOpened(Reply):
    session_id: Id
    device: Slug
    lease_s: float  #: how long a lease lasts from now
    renew_every_s: float
    offers: tuple[OfferState, ...]
    takes_doing: bool = False  #: servers of before refuse renewals that say it


class Claim(Message):
    """Asks for up to `up_to` jobs of one target; waits up to `wait_s` for the first.

    `claim_id` is made by the client, new for each claim: the same again returns the same leases.
    """

    session_id: Id
    claim_id: UUID
    up_to: Annotated[int, Field(ge=1, le=MAX_LEASES)] = 1
    wait_s: Annotated[float, Field(ge=0, le=MAX_WAIT_S)] = 20.0


class Lease(Reply):
    """`recipe`: the network is built, not fetched; `artifact.sha256` is then the recipe's own."""

    attempt_id: Id
    secret: Secret
    job_id: Id
    number: int  #: of the job's attempt, from 1
    target: Slug
    artifact: ArtifactReference
    recipe: LeasedRecipe | None = None
    spec: JobSpec
    protocol_digest: str


class Claimed(Reply):
    """Fewer leases than asked for do not mean that there is no more. None may come early: claim again."""

    leases: tuple[Lease, ...]
    lease_s: float


class Held(Message):
    """A lease, as its holder names it."""

    attempt_id: Id
    secret: Secret


class Renew(Message):
    """`doing` is for people: what the agent does with the leases, such as that it waits for the machine. Only
    a server whose session `takes_doing` is told.
    """

    session_id: Id
    leases: Annotated[tuple[Held, ...], Field(min_length=1, max_length=MAX_LEASES)]
    doing: Annotated[Label | None, Field(exclude_if=lambda doing: doing is None)] = None


class Renewal(Reply):
    """`cancelled`: nobody wants the job any more; `lost`: another attempt may run. Both: stop and forget."""

    attempt_id: Id
    state: Literal["renewed", "cancelled", "lost"]


class Renewed(Reply):
    lease_s: float
    leases: tuple[Renewal, ...]


class Measured(Message):
    """The job ran. A measurement of status "failed" carries its failure; the retry table decides on it."""

    result: Literal["measured"] = "measured"
    measurement: Measurement


class NotMeasured(Message):
    """The job did not get as far as a measurement: not fetched, given back, device unready."""

    result: Literal["not_measured"] = "not_measured"
    failure: FailureDocument
    started: bool  #: an attempt that never started is charged to nobody


class AttemptReport(Held):
    outcome: Annotated[Measured | NotMeasured, Field(discriminator="result")]


class ReportBatch(Message):
    """Attempts of one session that ended, with what their measurements have in common.

    Accepted also from a later session of the same device: a report outlives the process that measured.
    """

    agent_version: Label
    seed: int
    provenance: dict[str, Any]
    reports: Annotated[tuple[AttemptReport, ...], Field(min_length=1, max_length=MAX_LEASES)]


class Receipt(Reply):
    """`accepted`, also when repeated; `superseded`: kept, but another attempt counts; `unknown`: not a
    lease of this device, forget it. `retry` tells whether the job will be tried again.
    """

    attempt_id: Id
    state: Literal["accepted", "superseded", "unknown"]
    measurement_id: Id | None = None
    failure_kind: FailureKind | None = None
    retry: bool = False


class Reported(Reply):
    receipts: tuple[Receipt, ...]


class CloseSession(Message):
    """On shutdown: leases still held are given back, charged to nobody."""

    session_id: Id
