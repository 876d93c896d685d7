"""Data that come with EdgeMeter."""
