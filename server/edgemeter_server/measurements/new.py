"""A measurement that is to be stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgemeter.measurement import Measurement


@dataclass(frozen=True, slots=True)
class NewMeasurement:
    """What an attempt measured. The network in `measurement` is the artifact, its target that of `target_id`.

    `accepted`: it decides on its job; of one job only one may. `agent_version`, `seed` and `provenance` are
    of the report that it came with.
    """

    job_id: int
    attempt_id: int
    artifact_id: int
    target_id: int
    revision_id: int
    spec_id: int
    device_id: int
    accepted: bool
    measurement: Measurement
    agent_version: str
    seed: int
    provenance: Mapping[str, Any]
