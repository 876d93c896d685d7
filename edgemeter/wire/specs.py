"""What is to be measured of a network, and how: the part of a job that makes two of them the same."""

import hashlib
import json
from typing import Annotated

from pydantic import Field, StringConstraints

from edgemeter.protocols import PROTOCOLS, MeasuringProtocol
from edgemeter.wire.base import Message

MAX_RANK = 16
Dimension = Annotated[int, Field(ge=1, le=2**31 - 1)]
TensorName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Setting = bool | int | float


class JobSpec(Message):
    """`protocol` names a protocol of `edgemeter.protocols`, `settings` changes numbers of it.

    `layers`, `memory`, `sustained_s` and `streams` ask for what is measured beside the latency.
    """

    protocol: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,32}$")] = "precise"
    settings: Annotated[dict[str, Setting], Field(max_length=16)] = Field(default_factory=dict)
    shapes: Annotated[
        dict[TensorName, Annotated[tuple[Dimension, ...], Field(max_length=MAX_RANK)]], Field(max_length=64)
    ] = Field(default_factory=dict)
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    layers: bool = False
    memory: bool = False
    sustained_s: Annotated[float, Field(ge=1, le=3600)] | None = None
    streams: Annotated[int, Field(ge=1, le=64)] | None = None
    timeout_s: Annotated[float, Field(ge=1, le=3600)] = 300.0
    memory_limit_mib: Annotated[int, Field(ge=64, le=1 << 20)] = 4096

    def measuring_protocol(self) -> MeasuringProtocol:
        """Raises ValueError for an unknown protocol, setting, or value that makes no sense."""
        if self.protocol not in PROTOCOLS:
            raise ValueError(f"no protocol {self.protocol!r}; there are {', '.join(sorted(PROTOCOLS))}")
        try:
            return PROTOCOLS[self.protocol].evolve(**self.settings)
        except TypeError:
            raise ValueError(f"protocol {self.protocol!r} has no such setting: {self._unknown()}") from None

    def digest(self) -> str:
        """SHA-256 in hex of all that decides the result, the protocol's own numbers among it."""
        own = self.model_dump(mode="json", exclude={"protocol", "settings"})
        text = json.dumps([own, self.measuring_protocol().digest()], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def _unknown(self) -> str:
        known = PROTOCOLS[self.protocol].__dataclass_fields__
        return ", ".join(sorted(set(self.settings) - set(known)))
