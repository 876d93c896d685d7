"""The sections that the installed parts of EdgeMeter bring, found by entry point."""

from importlib.metadata import entry_points

from pydantic import BaseModel

GROUP = "edgemeter.settings"


def installed_sections() -> dict[str, type[BaseModel]]:
    """By name, in order. A part whose extra is not installed has no settings here."""
    found: dict[str, type[BaseModel]] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            found[point.name] = point.load()
        except ImportError:
            continue
    return found
