"""Gaussian processes over architectures: kernels of codes, and their hyperparameters by evidence."""
