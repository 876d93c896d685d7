"""What the caller asks of the nursery, as it travels between them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgemeter.isolation.confinement import Confinement
from edgemeter.isolation.limits import Limits

REQUEST_BYTES = 1 << 16
ANSWER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Request:
    """`task` is "module:function"."""

    task: str
    limits: Limits
    confinement: Confinement

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), default=str).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Request":
        fields = json.loads(data)
        return cls(fields["task"], Limits(**fields["limits"]), _confinement(fields["confinement"]))


def _confinement(fields: dict[str, Any]) -> Confinement:
    if fields["folder"] is not None:
        fields["folder"] = Path(fields["folder"])
    for name in ("readable", "writable"):
        fields[name] = tuple(map(Path, fields[name]))
    return Confinement(**{**fields, "cpus": tuple(fields["cpus"])})
