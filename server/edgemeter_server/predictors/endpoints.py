"""All routes of this domain."""

from edgemeter_server.predictors import bulk_endpoints, estimate_endpoints, predictor_endpoints
from edgemeter_server.predictors.kernels import endpoints as kernel_endpoints

routers = (
    predictor_endpoints.router,
    kernel_endpoints.router,
    estimate_endpoints.router,
    bulk_endpoints.router,
)
