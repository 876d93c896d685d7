"""Batches: networks measured together on one target, between readings of the anchors."""
