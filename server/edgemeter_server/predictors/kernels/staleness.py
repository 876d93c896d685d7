"""Whether the engine that a predictor is of is the one that its target runs now."""

import json

from sqlalchemy import Connection

from edgemeter_server.devices.targets import fingerprints

_ENGINE = "engine"  #: what agents call its version in a target's fingerprint


def stale(connection: Connection, target_id: int, engine_version: str) -> str | None:
    """Why it is not, in words. None where it is, or where no device tells its engine."""
    engines = set(_engines(connection, target_id).values()) - {None}
    if not engines or engine_version in engines:
        return None
    return f"it is of engine {engine_version}; the target runs {', '.join(sorted(map(str, engines)))} now"


def revision_of(connection: Connection, target_id: int, engine_version: str) -> int | None:
    """The newest current revision, of those with this engine where there are any."""
    engines = _engines(connection, target_id)
    return max((id_ for id_ in engines if engines[id_] == engine_version), default=max(engines, default=None))


def _engines(connection: Connection, target_id: int) -> dict[int, str | None]:
    """By current revision."""
    found = fingerprints(connection, target_id)
    return {id_: json.loads(fingerprint).get(_ENGINE) for id_, fingerprint in found.items()}
