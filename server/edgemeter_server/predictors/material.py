"""What a fit is made of, as it goes to the process that fits."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgemeter_server.predictors.snapshots import Snapshot


class FitError(Exception):
    """There is no predictor, and why, in words for the user who asked."""


@dataclass(frozen=True, slots=True)
class SavedSource:
    """The predictor that answers for another target, to start from."""

    target: str
    predictor_id: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Material:
    """`about` is what the predictor says of itself wherever it is read."""

    space: str
    model: str
    snapshot: Snapshot
    sources: tuple[SavedSource, ...]
    about: Mapping[str, Any]

    @property
    def payload(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "space": self.space,
            "model": self.model,
            "snapshot": self.snapshot.model_dump(mode="json"),
            "sources": [[each.target, b64encode(each.content).decode()] for each in self.sources],
            "about": {**self.about, "sources": {each.target: each.predictor_id for each in self.sources}},
        }
