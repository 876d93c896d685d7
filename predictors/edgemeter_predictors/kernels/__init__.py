"""The `kernel` model: any network as the sum of the kernels that its engine runs."""
