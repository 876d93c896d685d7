"""Promises of rates."""

from benchmarks.report import Figure


def at_least(name: str, value: float, limit: float) -> Figure:
    return Figure(name, f"{value:.0f}", f">= {limit:g}", value >= limit)
