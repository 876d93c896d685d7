"""This machine as the place where kernels are told and measured: the agents' part of kernel predictors."""
