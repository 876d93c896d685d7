"""The commands that measure on this machine."""
