"""What tests, benchmarks and simulations make a service of: their clock, real databases, tokens."""

from edgemeter_server.testing.clock import ManualClock
from edgemeter_server.testing.postgres_cluster import PostgresCluster
from edgemeter_server.testing.services import KEY, make_services
from edgemeter_server.testing.tokens import issue_token

__all__ = ["KEY", "ManualClock", "PostgresCluster", "issue_token", "make_services"]
