"""Devices, the targets they offer, and the agents on them."""

from enum import StrEnum
from typing import Any, Literal

from edgemeter.wire.base import Id, Instant, Label, Message, Reply, Slug, Text


class DeviceState(StrEnum):
    """What a device does."""

    OFFLINE = "offline"
    IDLE = "idle"
    RUNNING = "running"


class DeviceHealth(StrEnum):
    """Whether it is trusted with jobs: only `good` and `unknown` devices get any."""

    UNKNOWN = "unknown"  #: new, or not yet proven since something went wrong
    GOOD = "good"
    BAD = "bad"  #: too many failures in a row that were its own
    MAINTENANCE = "maintenance"  #: set by an admin
    RETIRED = "retired"


class AgentDocument(Reply):
    session_id: Id
    version: Label
    opened_at: Instant
    seen_s: float  #: seconds since it was last heard of
    doing: str | None = None  #: what it last told of the jobs that it holds now


class DeviceTarget(Reply):
    slug: Slug
    revision: int
    approved: bool
    offered: bool  #: by the session that is open now


class DeviceDocument(Reply):
    slug: Slug
    name: Label
    state: DeviceState
    health: DeviceHealth
    health_reason: str
    created_at: Instant
    description: dict[str, Any]
    agent: AgentDocument | None
    targets: tuple[DeviceTarget, ...]
    running_jobs: int


class ChangeDevice(Message):
    """An admin's word on a device. What is None stays."""

    health: Literal["unknown", "maintenance", "retired"] | None = None
    reason: Text = ""
    name: Label | None = None


class ApproveTargets(Message):
    """Approves what a device offers; None: all of it."""

    targets: tuple[Slug, ...] | None = None


class TargetRow(Reply):
    """A target, with all devices that offer it."""

    slug: Slug
    revision: int
    formats: tuple[str, ...]
    devices: tuple[Slug, ...]
    available: bool  #: a healthy, approved device with a live agent offers it
    pending_jobs: int
    measurements: int
