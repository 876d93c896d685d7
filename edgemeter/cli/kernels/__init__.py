"""Commands about kernels: campaigns that measure them, and predictors of any network."""
