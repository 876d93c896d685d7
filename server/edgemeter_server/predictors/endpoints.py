"""All routes of this domain."""

from fastapi import APIRouter

from edgemeter_server.predictors import estimate_endpoints, predictor_endpoints
from edgemeter_server.predictors.kernels import endpoints as kernel_endpoints

router = APIRouter()
router.include_router(predictor_endpoints.router)
router.include_router(kernel_endpoints.router)
router.include_router(estimate_endpoints.router)
