"""All routes of this domain."""

from edgemeter_server.campaigns import campaign_endpoints, import_endpoints, table_endpoints

routers = (campaign_endpoints.router, table_endpoints.router, import_endpoints.router)
