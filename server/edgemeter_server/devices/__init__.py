"""Devices, the targets they offer, and their agents' sessions."""
