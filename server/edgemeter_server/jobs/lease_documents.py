"""Leases as the wire has them, straight from their rows: agents ask hundreds of times a second."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic_core import to_json

from edgemeter.wire.specs import JobSpec
from edgemeter_server.jobs.claims import LeaseRow
from edgemeter_server.jobs.lease_secret import lease_secret
from edgemeter_server.recipes.leasing import leased_recipe


@dataclass(frozen=True, slots=True)
class Granted:
    """What a claim has got, and for how long."""

    rows: Sequence[LeaseRow]
    lease_s: float


def claimed(granted: Granted, key: bytes) -> bytes:
    """The JSON of a `Claimed`."""
    leases = [_lease(key, row) for row in granted.rows]
    return to_json({"leases": leases, "lease_s": granted.lease_s})


def _lease(key: bytes, row: LeaseRow) -> dict[str, Any]:
    sha256 = row.sha256.hex()
    artifact = {
        "sha256": sha256,
        "size_bytes": row.size_bytes,
        "format": row.format,
        "name": row.name or f"{sha256[:12]}.{row.format}",
    }
    recipe = leased_recipe(row)
    return {
        "attempt_id": row.id,
        "secret": lease_secret(key, row),
        "job_id": row.job_id,
        "number": row.number,
        "target": row.target,
        "artifact": artifact,
        "recipe": None if recipe is None else recipe.model_dump(mode="json"),
        "spec": _spec(row.document),
        "protocol_digest": row.protocol_digest.hex(),
    }


@lru_cache(maxsize=1024)
def _spec(document: str) -> dict[str, Any]:
    return JobSpec.model_validate_json(document).model_dump(mode="json")
