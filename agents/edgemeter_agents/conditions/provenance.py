"""Where a measurement comes from: everything needed to ask years later why two of them differ."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import edgemeter
from edgemeter_agents.conditions.device import Device, read_device
from edgemeter_agents.conditions.processors import Topology, read_topology
from edgemeter_agents.conditions.roots import Roots
from edgemeter_agents.conditions.software import (
    Engine,
    Timer,
    given_options,
    libc_version,
    python_version,
    read_engine,
    read_timer,
    relevant_environment,
)

#: Not engines, but their results and speed pass through these.
LIBRARIES = ("numpy", "onnx", "protobuf", "flatbuffers")


@dataclass(frozen=True, slots=True)
class Provenance:
    """One for all measurements of a run. Holds no secret, user name, host name or path of the machine."""

    edgemeter_version: str
    device: Device
    topology: Topology
    engines: tuple[Engine, ...]
    libraries: dict[str, str]
    python: str
    libc: str
    timer: Timer
    options: tuple[str, ...]
    environment: dict[str, str]

    def document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def read_provenance(roots: Roots, distributions: Iterable[str]) -> Provenance:
    """`distributions` are the installed names of the engines that measure, such as "onnxruntime"."""
    engines = (read_engine(name) for name in distributions)
    return Provenance(
        edgemeter_version=edgemeter.__version__,
        device=read_device(roots),
        topology=read_topology(roots),
        engines=tuple(engine for engine in engines if engine is not None),
        libraries=_library_versions(),
        python=python_version(),
        libc=libc_version(),
        timer=read_timer(roots),
        options=given_options(),
        environment=relevant_environment(),
    )


def _library_versions() -> dict[str, str]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
