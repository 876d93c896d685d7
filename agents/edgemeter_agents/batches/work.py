"""What is to be measured: networks, and the batches that put them on targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgemeter.measurement import NetworkDocument
from edgemeter.targets import Precision, Target
from edgemeter_agents.runtimes.base import Format, Settings


@dataclass(frozen=True, slots=True)
class Network:
    """A file that has been read and bounded before any engine sees it.

    `id` is unique within a batch. `precision` is the file's own: int8 for a quantised network. `own`: this
    agent has built it, it is no stranger's.
    """

    id: str
    file: Path
    document: NetworkDocument
    format: Format | None  #: None for what only a runtime given by hand reads
    precision: Precision
    batch: int
    shapes: Mapping[str, tuple[int, ...]]
    inputs: Path | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Networks that are measured together on one target, with the anchors among them.

    `runtime` is the name of a registered runtime, or "module:Class" for one given by hand.
    """

    target: Target
    runtime: str
    runtime_version: str
    settings: Settings
    networks: tuple[Network, ...]
    anchors: tuple[Network, Network]  #: light, heavy

    def __post_init__(self) -> None:
        ids = [network.id for network in (*self.networks, *self.anchors)]
        if len(set(ids)) != len(ids):
            raise ValueError("the networks of a batch need different ids")
