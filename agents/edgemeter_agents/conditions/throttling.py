"""Whether the machine is holding its processors back because of heat or weak power."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from edgemeter_agents.conditions.roots import Roots, numbered, read_integer, read_text

_PROCESSOR_COOLING = re.compile(r".*cpu.*|processor|intel_powerclamp", re.IGNORECASE | re.ASCII)
# Bits of the Raspberry Pi firmware's answer that describe this moment.
_PI_LIMITS = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}


@dataclass(frozen=True, slots=True)
class Throttling:
    """`active` names the limits in force now, None where the machine has no way to tell.

    `events` counts what x86 processors log since boot; only differences mean anything.
    """

    active: tuple[str, ...] | None
    events: int | None


def read_throttling(roots: Roots) -> Throttling:
    cooling, firmware, events = _cooling_states(roots), _pi_firmware(roots), _logged_events(roots)
    tells = bool(cooling) or firmware is not None or events is not None
    active = [name for name, state in cooling if state > 0]
    return Throttling(tuple(active + list(firmware or ())) if tells else None, events)


def _cooling_states(roots: Roots) -> list[tuple[str, int]]:
    states = []
    for _, folder in numbered(roots.sys / "class" / "thermal", "cooling_device"):
        name, state = read_text(folder / "type"), read_integer(folder / "cur_state")
        if name and state is not None and _PROCESSOR_COOLING.fullmatch(name):
            states.append((name, state))
    return states


def _pi_firmware(roots: Roots) -> tuple[str, ...] | None:
    text = read_text(roots.sys / "devices" / "platform" / "soc" / "soc:firmware" / "get_throttled")
    if text is None or not re.fullmatch(r"(0x)?[0-9a-fA-F]{1,8}", text, re.ASCII):
        return None
    bits = int(text, 16)
    return tuple(name for bit, name in _PI_LIMITS.items() if bits >> bit & 1)


def _logged_events(roots: Roots) -> int | None:
    counts = list(_event_counts(roots))
    return sum(counts) if counts else None


def _event_counts(roots: Roots) -> Iterator[int]:
    for _, folder in numbered(roots.sys / "devices" / "system" / "cpu", "cpu"):
        for name in ("core_throttle_count", "package_throttle_count"):
            count = read_integer(folder / "thermal_throttle" / name)
            if count is not None:
                yield count
