"""From request to job to attempt: the queue, its leases, and what is tried again."""
