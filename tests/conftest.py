"""How Hypothesis draws its examples: the same ones in each run, or new ones (docs/decisions/0008).

No deadline and no check of speed in either: what is slow on a loaded machine is not wrong.
"""

from hypothesis import HealthCheck, settings

_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("fixed", _UNTIMED, derandomize=True)
settings.register_profile("random", _UNTIMED, derandomize=False, print_blob=True)
