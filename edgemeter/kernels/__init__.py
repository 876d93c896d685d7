"""Kernels as engines really run them, and the campaigns that sample them, for predictors of any network.

Agents tell the kernels of a file (`Kernel`), predictors price them, and neither knows the other: `plugins`
finds both.
"""
