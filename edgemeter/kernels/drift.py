"""How fast the device was: one session against a campaign, by the anchors that both have measured."""

from collections.abc import Iterable
from math import sqrt
from statistics import median

Readings = tuple[float, float]  #: of the light and the heavy anchor, milliseconds


def reference(sessions: Iterable[Readings]) -> Readings:
    """What the anchors read in the median, of one session at least."""
    light, heavy = zip(*sessions, strict=True)
    return median(light), median(heavy)


def slowness(session: Readings, known: Readings) -> float:
    """Times slower than the reference that both anchors were together; 1: as fast."""
    return sqrt(session[0] / known[0] * session[1] / known[1])
