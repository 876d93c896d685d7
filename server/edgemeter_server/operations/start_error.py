"""What keeps the service from starting."""

from edgemeter.failures import EdgeMeterError


class StartError(EdgeMeterError):
    """The service cannot start here; the text says why, and what to do."""
