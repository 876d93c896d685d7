"""Immutable measurements: kept narrow, found quickly."""
