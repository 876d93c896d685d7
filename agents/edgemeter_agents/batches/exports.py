"""What engines leave of a batch's networks in one visit, so that the later ones need not prepare them anew.

Only where this agent has built all of them: what a stranger's network leaves could be anything, and would
outlive its child.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from edgemeter_agents.batches.work import Batch, Network
from edgemeter_agents.visits.messages import Job


@dataclass(frozen=True, slots=True)
class Exports:
    """`folder` is the batch's own, empty at first; no child can write to it. `wanted`: whether any are."""

    folder: Path
    wanted: bool

    @classmethod
    def of(cls, batch: Batch, folder: Path) -> "Exports":
        return cls(folder, all(network.own for network in batch.networks))

    def has(self, network: Network) -> bool:
        return self.wanted and self._path(network).exists()

    def job(self, network: Network) -> Job:
        """The network opened again where it can be; else opened, and left for the next visit."""
        if self.has(network):
            return Job(network.id, str(self._path(network)), {}, exported=True)
        return replace(plain_job(network), exports=str(self._path(network)) if self.wanted else None)

    def _path(self, network: Network) -> Path:
        return self.folder / network.document.sha256


def plain_job(network: Network) -> Job:
    inputs = None if network.inputs is None else str(network.inputs)
    return Job(network.id, str(network.file), dict(network.shapes), inputs)
