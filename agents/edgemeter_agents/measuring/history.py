"""What a device's anchors have read so far: immutable, persisted by the shell."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from edgemeter_agents.measuring.anchors import AnchorReading, AnchorSession, Drift, Reference, drift_of
from edgemeter_agents.measuring.repeatability import Repeat, SessionSpread, session_spread
from edgemeter_agents.measuring.shrinkage import (
    FEWEST_SESSIONS,
    anchor_noise,
    by_one_anchor,
    shifts,
    shrinkage,
)

#: So many unsound sessions in a row mean that the device has changed, not the moment.
STRAYS_TO_RENEW = 3
#: Older sessions no longer describe the device, and the history stays small.
MOST_RECENT = 100


@dataclass(frozen=True)
class AnchorHistory:
    """The quiet anchor sessions of one target under one protocol and one priority.

    `founding` are the first sessions of the reference version, at most ten: their medians are the
    reference. It is frozen before any correction begins, since that asks for ten sessions too.
    `recent` are the sound sessions since, `strays` the unsound ones in a row at the end.
    """

    version: int = 1
    founding: tuple[AnchorSession, ...] = ()
    recent: tuple[AnchorSession, ...] = ()
    strays: tuple[AnchorSession, ...] = ()

    def add(self, session: AnchorSession) -> "AnchorHistory":
        """The history with one more session. A contended one tells nothing about the quiet device."""
        if not session.quiet:
            return self
        drift = self.drift(session)
        if drift is not None and not drift.sound:
            return self._with_stray(session)
        founding = self.founding if len(self.founding) == FEWEST_SESSIONS else (*self.founding, session)
        return replace(self, founding=founding, recent=(*self.recent, session)[-MOST_RECENT:], strays=())

    def drift(self, session: AnchorSession) -> Drift | None:
        """The session's drift from the reference; None without a reference or if it is contended."""
        if self.reference is None or not session.quiet:
            return None
        return drift_of(session, self.reference, self.anchor_noise)

    def cpu_ratio(self, session: AnchorSession) -> float | None:
        """What turns CPU time of this session into quiet wall time (rule 2); None before any
        quiet session, or when the anchors disagree."""
        return self.reference.cpu_ratio(session, self.anchor_noise) if self.reference else None

    @cached_property
    def reference(self) -> Reference | None:
        return Reference.of(self.version, self.founding) if self.founding else None

    @cached_property
    def anchor_noise(self) -> float:
        """Standard deviation of one anchor's own part between sessions, as a share."""
        return anchor_noise(shifts(self.recent, self.reference) if self.reference else [])

    @cached_property
    def shrinkage(self) -> float:
        """s in raw / (1 + s d); see `shrinkage.shrinkage`."""
        return shrinkage(self.recent, self.reference) if self.reference else 0.0

    @cached_property
    def spread(self) -> SessionSpread | None:
        """How far this target's sessions lie apart in what is published, corrected as it would be now.

        None until there are enough of them: then a stated prior holds (rule 6).
        """
        return session_spread(self._corrected(self.reference)) if self.reference else None

    def to_json(self) -> dict[str, Any]:
        """A document for `json.dumps`."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "AnchorHistory":
        """The inverse of `to_json`. Raises KeyError or TypeError for a document that is none."""
        return cls(
            version=document["version"],
            founding=_sessions(document["founding"]),
            recent=_sessions(document["recent"]),
            strays=_sessions(document["strays"]),
        )

    def _corrected(self, reference: Reference) -> Iterator[Repeat]:
        """What each recent session read, an anchor by the other one alone: it cannot vouch for itself."""
        alone = by_one_anchor(self.shrinkage)
        moved = shifts(self.recent, reference)
        for number, (session, shift) in enumerate(zip(self.recent, moved, strict=True)):
            name, light, heavy = str(number), session.light.wall_ms, session.heavy.wall_ms
            yield Repeat("anchor:light", name, light / (1 + alone * shift.heavy))
            yield Repeat("anchor:heavy", name, heavy / (1 + alone * shift.light))
            drift = drift_of(session, reference, self.anchor_noise).value
            for network, latency_ms in session.repeats.items():
                yield Repeat(network, name, latency_ms / (1 + self.shrinkage * drift))

    def _with_stray(self, session: AnchorSession) -> "AnchorHistory":
        strays = (*self.strays, session)
        if len(strays) < STRAYS_TO_RENEW:
            return replace(self, strays=strays)
        return AnchorHistory(version=self.version + 1, founding=strays, recent=strays)


def _sessions(documents: list[dict[str, Any]]) -> tuple[AnchorSession, ...]:
    return tuple(
        AnchorSession(
            light=AnchorReading(**document["light"]),
            heavy=AnchorReading(**document["heavy"]),
            quiet=document["quiet"],
            repeats=dict(document["repeats"]),
        )
        for document in documents
    )
