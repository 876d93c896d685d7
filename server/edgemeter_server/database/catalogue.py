"""The whole catalogue: every domain's tables, in `metadata`."""

import edgemeter_server.access.tables
import edgemeter_server.artifacts.tables
import edgemeter_server.campaigns.tables
import edgemeter_server.database.tables
import edgemeter_server.devices.tables
import edgemeter_server.jobs.tables
import edgemeter_server.measurements.tables
import edgemeter_server.predictors.tables
import edgemeter_server.recipes.tables  # noqa: F401  # each adds its own to `metadata`
from edgemeter_server.database.metadata import metadata

__all__ = ["metadata"]
