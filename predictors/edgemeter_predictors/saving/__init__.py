"""Fitted models as bytes, and back."""
