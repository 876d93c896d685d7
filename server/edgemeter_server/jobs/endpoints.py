"""All routes of this domain."""

from fastapi import APIRouter

from edgemeter_server.jobs import agent_endpoints, job_endpoints, request_endpoints

router = APIRouter()
router.include_router(agent_endpoints.router)
router.include_router(request_endpoints.router)
router.include_router(job_endpoints.router)
