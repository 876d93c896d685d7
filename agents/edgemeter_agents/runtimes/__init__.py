"""Inference engines, one file each, behind the interface of `base`."""
