"""Temperatures from thermal zones and hardware monitors."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edgemeter_agents.conditions.roots import Roots, numbered, read_integer, read_text

#: Outside of these a reading is a sensor that is off (0, -274000, 127000 and the like) or no temperature.
COLDEST_C, HOTTEST_C = -40.0, 126.0

# Phones offer battery voltage, current and charge as "thermal zones" too.
_NO_TEMPERATURE = re.compile(r"soc|socd|[iv]bat.*|vph.*|.*bcl.*|.*-lvl[0-9]+|.*(voltage|current)", re.ASCII)
_PROCESSOR = re.compile(
    r"cpu|soc|pkg|core|k10temp|tsens|cluster|tj|tdie|tctl|big|little|mpu|\bap\b", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Temperature:
    """One sensor: its place ("thermal_zone0", "hwmon1/temp1") and the kernel's name, which may repeat."""

    sensor: str
    name: str
    celsius: float


def read_temperatures(roots: Roots) -> tuple[Temperature, ...]:
    """All sensors that give a plausible value now."""
    return (*_thermal_zones(roots), *_hardware_monitors(roots))


def hottest_c(temperatures: Iterable[Temperature]) -> float | None:
    """The hottest sensor of a processor, or the hottest of all where no name tells; None without any."""
    everything = list(temperatures)
    processors = [t.celsius for t in everything if _PROCESSOR.search(t.name.lower())]
    return max(processors or [t.celsius for t in everything], default=None)


def parse_celsius(raw: int | None) -> float | None:
    """Millidegrees, or whole degrees as some old phone kernels give them."""
    if raw is None or raw == 0:
        return None
    celsius = raw / 1000 if abs(raw) >= 1000 else float(raw)
    return celsius if COLDEST_C < celsius < HOTTEST_C else None


def _thermal_zones(roots: Roots) -> Iterator[Temperature]:
    for number, folder in numbered(roots.sys / "class" / "thermal", "thermal_zone"):
        name = read_text(folder / "type") or f"zone{number}"
        celsius = parse_celsius(read_integer(folder / "temp"))
        if celsius is not None and not _NO_TEMPERATURE.fullmatch(name.lower()):
            yield Temperature(folder.name, name, celsius)


def _hardware_monitors(roots: Roots) -> Iterator[Temperature]:
    for number, folder in numbered(roots.sys / "class" / "hwmon", "hwmon"):
        chip = read_text(folder / "name") or f"hwmon{number}"
        for sensor in _sensors(folder):
            celsius = parse_celsius(read_integer(folder / f"{sensor}_input"))
            if celsius is not None:
                label = read_text(folder / f"{sensor}_label") or sensor
                yield Temperature(f"{folder.name}/{sensor}", f"{chip} {label}", celsius)


def _sensors(folder: Path) -> list[str]:
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
    return sorted(
        name.removesuffix("_input") for name in names if re.fullmatch(r"temp[0-9]{1,3}_input", name)
    )
