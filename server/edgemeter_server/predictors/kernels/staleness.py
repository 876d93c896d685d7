"""Whether the engine that a predictor is of is the one that its target runs now."""

import json
from collections.abc import Mapping
from typing import TypeAlias

from sqlalchemy import Connection

from edgemeter_server.devices.targets import fingerprints

_ENGINE = "engine"  #: what agents call its version in a target's fingerprint

#: The version of each current revision's engine; None where its device does not tell.
Engines: TypeAlias = Mapping[int, str | None]


def engines_of(connection: Connection, target_id: int) -> Engines:
    """Those that the target runs now."""
    found = fingerprints(connection, target_id)
    return {id_: json.loads(fingerprint).get(_ENGINE) for id_, fingerprint in found.items()}


def stale(engines: Engines, engine_version: str) -> str | None:
    """Why a predictor is of none of them, in words. None where it is, or where no device tells its own."""
    told = set(engines.values()) - {None}
    if not told or engine_version in told:
        return None
    return f"it is of engine {engine_version}; the target runs {', '.join(sorted(map(str, told)))} now"


def revision_of(engines: Engines, engine_version: str) -> int | None:
    """The newest current revision, of those with this engine where there are any."""
    return max((id_ for id_ in engines if engines[id_] == engine_version), default=max(engines, default=None))
