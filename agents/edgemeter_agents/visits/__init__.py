"""Visits: fresh child processes that run the jobs of a batch and report over a pipe."""
