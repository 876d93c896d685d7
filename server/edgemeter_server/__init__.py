"""The service: devices, jobs, measurements and predictors over HTTP."""
