"""Battery and mains: phones and laptops clock down on a low battery and heat up while charging."""

from dataclasses import dataclass
from pathlib import Path

from edgemeter_agents.conditions.roots import Roots, read_integer, read_text


@dataclass(frozen=True, slots=True)
class Power:
    """All None on a machine without a battery. `charging` is None too where the kernel says "Unknown"."""

    battery_percent: int | None
    charging: bool | None
    status: str | None  #: the kernel's word: Charging, Discharging, Full, Not charging


def read_power(roots: Roots) -> Power:
    battery = _battery(roots)
    if battery is None:
        return Power(None, None, None)
    percent = read_integer(battery / "capacity")
    status = read_text(battery / "status") or None
    known = {"Charging": True, "Discharging": False, "Full": False, "Not charging": False}
    plausible = percent if percent is not None and 0 <= percent <= 100 else None
    return Power(plausible, known.get(status or ""), status)


def _battery(roots: Roots) -> Path | None:
    try:
        supplies = sorted((roots.sys / "class" / "power_supply").iterdir())
    except OSError:
        return None
    # Scope "Device" is the battery of a mouse or a headset.
    own = (s for s in supplies if read_text(s / "type") == "Battery" and read_text(s / "scope") != "Device")
    return next(own, None)
