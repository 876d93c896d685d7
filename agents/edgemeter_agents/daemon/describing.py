"""The worker's answer to what this machine is: its description, its targets and their fingerprints."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Literal

from edgemeter.targets import Target
from edgemeter.wire.agents import MAX_OFFERS, TargetOffer
from edgemeter_agents.batches.documents import target_document
from edgemeter_agents.batches.lab import Lab
from edgemeter_agents.batches.offers import Offer, device_slug, installed_offers
from edgemeter_agents.conditions.device import Device, read_device
from edgemeter_agents.conditions.frequency import read_policies
from edgemeter_agents.conditions.processors import NotEnoughProcessorsError, Topology
from edgemeter_agents.conditions.roots import Roots, read_text
from edgemeter_agents.conditions.software import libc_version, read_engine
from edgemeter_agents.daemon.recipes import buildable
from edgemeter_agents.daemon.worker_messages import Describe, Described
from edgemeter_agents.runtimes.base import Format

#: What tells a device's owner where it stands; what is left out says nothing to people.
_FOR_PEOPLE = ("cpu_models", "model", "soc", "memory_bytes", "kernel", "system", "virtual")


def describe(request: Describe) -> Described:
    lab = Lab.of_this_machine()
    device = read_device(lab.roots)
    slug = device_slug(device, len(lab.topology.processors))
    facts = asdict(device)
    description = {
        **{name: facts[name] for name in _FOR_PEOPLE},
        "processors": len(lab.topology.processors),
        "permissions": {name: found["permitted"] for name, found in asdict(lab.permissions).items()},
    }
    offers = tuple(
        offer for found in installed_offers() for offer in _of_runtime(found, slug, device, lab, request)
    )
    return Described(
        device=slug, description=description, offers=offers[:MAX_OFFERS], builds=buildable()[:MAX_OFFERS]
    )


def _of_runtime(
    offer: Offer, slug: str, device: Device, lab: Lab, request: Describe
) -> Iterator[TargetOffer]:
    formats = _formats(offer)
    fingerprint = _fingerprint(offer, device, lab.topology, lab.roots)
    for target in _targets(offer, slug, lab, request):
        yield TargetOffer(target=target_document(target), formats=formats, fingerprint=fingerprint)


def _formats(offer: Offer) -> tuple[Literal["onnx", "tflite"], ...]:
    # By name, for the type checker.
    named: dict[Format, Literal["onnx", "tflite"]] = {Format.ONNX: "onnx", Format.TFLITE: "tflite"}
    return tuple(name for file_format, name in named.items() if file_format in offer.runtime.formats)


def _targets(offer: Offer, slug: str, lab: Lab, request: Describe) -> Iterator[Target]:
    for precision in sorted(offer.runtime.precisions):
        for threads in request.threads:
            if _enough_processors(lab, threads):
                yield from (offer.target(slug, precision, threads, batch) for batch in request.batches)


def _enough_processors(lab: Lab, threads: int) -> bool:
    try:
        lab.cpus(threads)
    except NotEnoughProcessorsError:
        return False
    return True


def _fingerprint(offer: Offer, device: Device, topology: Topology, roots: Roots) -> dict[str, Any]:
    """What makes latencies incomparable when it changes, and nothing that changes by itself."""
    engines = [engine for name in offer.runtime.distributions if (engine := read_engine(name)) is not None]
    return {
        "engine": offer.version,
        "binaries_sha256": sorted(engine.binaries_sha256 for engine in engines),
        "system": device.system,
        "kernel": device.kernel,
        "libc": libc_version(),
        "cpu_models": list(device.cpu_models),
        "microcode": device.microcode,
        "firmware": _firmware(roots),
        "quota": topology.quota,
        "clocks": _clocks(roots),
        "boost": _boost(roots),
        "smt": read_text(roots.sys / "devices" / "system" / "cpu" / "smt" / "control"),
    }


def _clocks(roots: Roots) -> list[dict[str, Any]]:
    return [
        {"cpus": list(p.cpus), "governor": p.governor, "min_khz": p.min_khz, "max_khz": p.max_khz}
        for p in read_policies(roots)
    ]


def _boost(roots: Roots) -> str | None:
    cpu = roots.sys / "devices" / "system" / "cpu"
    if (boost := read_text(cpu / "cpufreq" / "boost")) is not None:
        return boost
    no_turbo = read_text(cpu / "intel_pstate" / "no_turbo")
    return None if no_turbo is None else {"0": "1", "1": "0"}.get(no_turbo)


def _firmware(roots: Roots) -> str | None:
    return read_text(roots.sys / "class" / "dmi" / "id" / "bios_version")
