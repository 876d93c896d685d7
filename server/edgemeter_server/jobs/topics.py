"""What long polls wait for: see `edgemeter_server.database.wakeups`."""


def target_topic(target_id: int) -> str:
    """A job of it became pending."""
    return f"target:{target_id}"


def job_topic(job_id: int) -> str:
    """It ended."""
    return f"job:{job_id}"


def session_topic(session_id: int) -> str:
    """It ended, a lease of it was cancelled, or what it may claim has changed."""
    return f"session:{session_id}"
