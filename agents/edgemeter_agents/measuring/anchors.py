"""The two anchor networks of a batch, and the drift on which they agree (rule 4)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

#: Beyond this drift a batch says nothing that a correction could mend.
LARGEST_DRIFT = 0.10
#: Anchors farther apart than so many standard errors of their difference disagree.
DISAGREEMENT = 3.0
#: Least standard deviation of one anchor's CPU time between sessions on a contended host.
CONTENDED_NOISE = 0.03


@dataclass(frozen=True, slots=True)
class AnchorReading:
    """One anchor in one session: its statistics under the session's protocol."""

    wall_ms: float
    cpu_ms: float
    error: float  #: standard error of `wall_ms` within the session, as a share of it


@dataclass(frozen=True, slots=True)
class AnchorSession:
    """What the anchors of one batch read. `quiet`: no visit of theirs was contended."""

    light: AnchorReading
    heavy: AnchorReading
    quiet: bool
    #: Latencies in ms of other jobs by a stable name, for those that are measured repeatedly.
    repeats: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """The anchors' quiet wall medians that drift is measured against."""

    version: int
    light_ms: float
    heavy_ms: float

    @classmethod
    def of(cls, version: int, sessions: Sequence[AnchorSession]) -> "Reference":
        return cls(
            version,
            median(session.light.wall_ms for session in sessions),
            median(session.heavy.wall_ms for session in sessions),
        )

    def cpu_ratio(self, session: AnchorSession, anchor_noise: float) -> float | None:
        """Quiet wall time over CPU time in this session, both anchors' geometric mean (rule 2).

        Over CPU time *now*: that of a contended host reads about 12 % above a quiet one's.
        None when the anchors disagree on it, or used no CPU time that this process could see.
        """
        if min(session.light.cpu_ms, session.heavy.cpu_ms) <= 0:
            return None
        light, heavy = self.light_ms / session.light.cpu_ms, self.heavy_ms / session.heavy.cpu_ms
        noise = max(anchor_noise, CONTENDED_NOISE)
        apart = abs(math.log(light / heavy))
        return math.sqrt(light * heavy) if apart <= DISAGREEMENT * math.sqrt(2) * noise else None


@dataclass(frozen=True, slots=True)
class Drift:
    """How much slower (positive) both anchors were than the reference, as a share of it."""

    value: float
    standard_error: float
    agree: bool

    @property
    def excessive(self) -> bool:
        return abs(self.value) > LARGEST_DRIFT

    @property
    def sound(self) -> bool:
        """Whether the batch may be used at all."""
        return self.agree and not self.excessive


def drift_of(session: AnchorSession, reference: Reference, anchor_noise: float) -> Drift:
    """The drift of a quiet session, the anchors weighted by inverse variance.

    `anchor_noise` is the standard deviation of what an anchor does on its own from session
    to session, as a share; with the error within the session it makes an anchor's variance.
    """
    light = session.light.wall_ms / reference.light_ms - 1
    heavy = session.heavy.wall_ms / reference.heavy_ms - 1
    light_variance = session.light.error**2 + anchor_noise**2
    heavy_variance = session.heavy.error**2 + anchor_noise**2
    weight = heavy_variance / (light_variance + heavy_variance)
    return Drift(
        value=weight * light + (1 - weight) * heavy,
        standard_error=math.sqrt(light_variance * heavy_variance / (light_variance + heavy_variance)),
        agree=abs(light - heavy) <= DISAGREEMENT * math.sqrt(light_variance + heavy_variance),
    )
