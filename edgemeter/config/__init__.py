"""Settings of any part of EdgeMeter: flag > environment > project file > user file > default.

    resolved = resolve(Settings, "server", {"port": 8080})
    resolved.value, resolved.origins["port"]

A part describes its settings as one pydantic model. Its section `[server]` stands in `edgemeter.toml`
(in the working directory or one above it) and in the user's own `config.toml`; its variables read
`EDGEMETER_SERVER_PORT`. `edgemeter config show` tells where each value came from.
"""

from edgemeter.config.origins import Origin, Rank
from edgemeter.config.places import ConfigError, Places
from edgemeter.config.resolving import Resolved, resolve
from edgemeter.config.variables import Variable

__all__ = ["ConfigError", "Origin", "Places", "Rank", "Resolved", "Variable", "resolve"]
