"""All routes of this domain."""

from fastapi import APIRouter

from edgemeter_server.campaigns import campaign_endpoints, import_endpoints, table_endpoints

router = APIRouter()
router.include_router(campaign_endpoints.router)
router.include_router(table_endpoints.router)
router.include_router(import_endpoints.router)
