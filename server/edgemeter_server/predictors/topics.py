"""What long polls of this domain wait for: see `edgemeter_server.database.wakeups`."""


def fit_topic(fit_id: int) -> str:
    """It ended."""
    return f"fit:{fit_id}"
