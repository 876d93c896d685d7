"""Additive models over millions of architectures: what a search runs in its own process."""
