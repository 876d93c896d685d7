"""Predictors of any file by its kernels: fitted where the engine is, published here, and asked."""
