"""The targets that this machine offers, and which of them a user's words mean."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from edgemeter.targets import Precision, Target, TargetSelector
from edgemeter_agents.batches.work import Network
from edgemeter_agents.conditions.device import Device
from edgemeter_agents.runtimes.base import Runtime
from edgemeter_agents.runtimes.registry import registered

_NOISE = re.compile(
    r"\((?:r|tm|c)\)|\b(?:amd|intel|arm|genuine|processor|cpu|with|radeon|graphics)\b|@.*|\d+-core.*", re.I
)
DEVICE_LIMIT = 32


@dataclass(frozen=True, slots=True)
class Offer:
    """An installed runtime. `version` is the engine's, in full."""

    name: str
    runtime: Runtime
    version: str

    def target(self, device: str, precision: Precision, threads: int = 1, batch: int = 1) -> Target:
        minor = ".".join(self.version.split(".")[:2])
        return Target(device, "cpu", self.name, minor, precision, threads, batch)


@dataclass(frozen=True, slots=True)
class Choice:
    """A target that was chosen for a network, and the offer that runs it."""

    target: Target
    offer: Offer


def installed_version(runtime: Runtime) -> str | None:
    """The engine's version from its package's metadata, without importing it; None where it is missing."""
    for distribution in runtime.distributions:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None


def installed_offers() -> list[Offer]:
    """The registered runtimes whose engines are installed."""
    versions = {name: (runtime, installed_version(runtime)) for name, runtime in registered().items()}
    return [Offer(name, runtime, found) for name, (runtime, found) in versions.items() if found]


def device_slug(device: Device, processors: int) -> str:
    """A short name of the device model: `raspberry-pi-4-model-b`, or of the processor: `epyc-2c`."""
    if device.model and not device.virtual and "arm" in " ".join(device.cpu_models).lower():
        return _slug(device.model)
    model = _NOISE.sub(" ", device.cpu_models[0]) if device.cpu_models else "cpu"
    return f"{_slug(model) or 'cpu'}-{processors}c"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:DEVICE_LIMIT].strip("-")


def choose(
    network: Network, selectors: Sequence[TargetSelector], offers: Sequence[Offer], device: str
) -> list[Choice]:
    """Where to measure a network: every runtime that reads it, or what the selectors say, each target once.

    Raises LookupError, with the targets there are, for a selector that matches none.
    """
    chosen: dict[str, Choice] = {}
    for selector in selectors or (TargetSelector(),):
        found = [choice for offer in offers for choice in _matching(network, selector, offer, device)]
        if not found:
            raise LookupError(_nothing(network, selector, offers))
        chosen.update({choice.target.slug: choice for choice in found})
    return list(chosen.values())


def _matching(network: Network, selector: TargetSelector, offer: Offer, device: str) -> list[Choice]:
    if network.format not in offer.runtime.formats:
        return []
    precision = selector.precision or network.precision
    if precision not in offer.runtime.precisions:
        return []
    target = offer.target(device, precision, selector.threads or 1, network.batch)
    return [Choice(target, offer)] if selector.matches(target) else []


def _nothing(network: Network, selector: TargetSelector, offers: Sequence[Offer]) -> str:
    name, readers = network.document.name, [o for o in offers if network.format in o.runtime.formats]
    if not readers:
        return f"no installed runtime reads {network.format} files; see `edgemeter targets`"
    # The device is this one, whatever its name: it is no part of what one would have to ask for.
    targets = [offer.target("", network.precision).slug.lstrip(".") for offer in readers]
    available = f"{name} could run on {', '.join(targets)}"
    chosen = next((offer for offer in offers if offer.name in selector.words), None)
    if chosen and chosen not in readers:
        return f"{chosen.name} does not read {network.format} files; {available}"
    return f"no target of this machine fits; {available}"
