"""What this machine offers and permits, as the document of `edgemeter targets --json`."""

from dataclasses import asdict
from typing import Any

from edgemeter_agents.batches.lab import Lab
from edgemeter_agents.batches.offers import Offer, device_slug, installed_offers
from edgemeter_agents.conditions.device import read_device
from edgemeter_agents.runtimes.base import Runtime
from edgemeter_agents.runtimes.registry import registered


def machine_document() -> dict[str, Any]:
    """Device, targets of one thread and batch one, engines that are missing, and permissions."""
    lab = Lab.of_this_machine()
    device = read_device(lab.roots)
    name = device_slug(device, len(lab.topology.processors))
    offers = installed_offers()
    installed = {offer.name for offer in offers}
    return {
        "schema_name": "edgemeter/targets",
        "schema_version": 1,
        "device": {"name": name, **asdict(device)},
        "targets": [row for offer in offers for row in _targets(offer, name)],
        "missing": {key: _install(runtime) for key, runtime in registered().items() if key not in installed},
        "permissions": asdict(lab.permissions),
    }


def _targets(offer: Offer, device: str) -> list[dict[str, Any]]:
    formats = sorted(offer.runtime.formats)
    return [
        {
            "slug": offer.target(device, precision).slug,
            "runtime": offer.name,
            "version": offer.version,
            "precision": precision,
            "formats": formats,
        }
        for precision in sorted(offer.runtime.precisions)
    ]


def _install(runtime: Runtime) -> str:
    return f"pip install 'edgemeter[{runtime.extra}]'"
