"""Whether a device is trusted with jobs: a pure state machine, after LAVA's health of devices.

| health      | a failure of its own         | a success | an admin's word |
|-------------|------------------------------|-----------|-----------------|
| unknown     | one strike more; at the limit bad | good | as told         |
| good        | unknown, one strike; at the limit bad | good, no strikes | as told |
| bad         | -                            | -         | as told         |
| maintenance | -                            | -         | as told         |
| retired     | -                            | -         | as told         |

What ends late on a device that is out of service changes nothing: only an admin brings it back, as unknown.
"""

from dataclasses import dataclass, replace
from typing import Final

from edgemeter.wire.devices import DeviceHealth

#: Healths that get jobs.
TRUSTED: Final = frozenset({DeviceHealth.UNKNOWN, DeviceHealth.GOOD})


@dataclass(frozen=True, slots=True)
class Trust:
    """`strikes` are the failures in a row that were the device's own; `reason` tells people why."""

    health: DeviceHealth
    strikes: int = 0
    reason: str = ""


def after_failure(trust: Trust, limit: int, reason: str) -> Trust:
    """A failure that was the device's own; `limit` of them in a row make it bad."""
    if trust.health not in TRUSTED:
        return trust
    strikes = trust.strikes + 1
    if strikes < limit:
        return Trust(DeviceHealth.UNKNOWN, strikes, reason)
    failures = "a failure" if strikes == 1 else f"{strikes} failures in a row"
    return Trust(DeviceHealth.BAD, strikes, f"{failures} of its own; the last: {reason}")


def after_success(trust: Trust) -> Trust:
    return Trust(DeviceHealth.GOOD) if trust.health in TRUSTED else trust


def at_word(trust: Trust, health: DeviceHealth | None, reason: str) -> Trust:
    """An admin's word: what is None stays, a health that is set starts anew without strikes."""
    return trust if health is None else replace(trust, health=health, strikes=0, reason=reason)
