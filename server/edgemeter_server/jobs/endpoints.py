"""All routes of this domain."""

from edgemeter_server.jobs import agent_endpoints, job_endpoints, request_endpoints

routers = (agent_endpoints.router, request_endpoints.router, job_endpoints.router)
