"""Requests, and the jobs, attempts and leases that answer them. See docs/leases.md."""
