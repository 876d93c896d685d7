"""Every setting of the agent. See docs/agent.md."""

import os
import platform
import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from edgemeter.config import Variable
from edgemeter.wire.agents import MAX_LEASES
from edgemeter.wire.base import Slug

STATE_VARIABLE = "EDGEMETER_STATE_DIR"
Counts = Annotated[tuple[Annotated[int, Field(ge=1, le=1024)], ...], Field(min_length=1, max_length=16)]


class AgentSettings(BaseModel):
    """Resolved by `edgemeter.config`: flags, environment (EDGEMETER_AGENT_...), files, these defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: Annotated[str | None, Variable("EDGEMETER_URL")] = None
    device: Slug | None = None  #: the name under which the server knows it; None: the host's
    enrol: SecretStr | None = None  #: a one-time token; not looked at once there is a token
    token: SecretStr | None = None  #: of role agent, instead of enrolling
    state: Path | None = None  #: cache, reports, anchors' readings, token; None: the user's state folder
    ca: Path | None = None  #: authorities to trust instead of the usual, for a server's own certificate
    cache_mib: Annotated[int, Field(ge=16)] = 2048
    threads: Counts = (1,)
    batches: Counts = (1,)
    jobs: Annotated[int, Field(ge=1, le=MAX_LEASES)] = MAX_LEASES  #: that are measured together
    insecure: bool = False  #: lets the token go over plain HTTP to another machine
    allow_root: bool = False
    log_format: Annotated[str, Field(pattern="^(text|json)$")] = "text"


def state_folder(settings: AgentSettings) -> Path:
    if settings.state is not None:
        return settings.state.absolute()
    if chosen := os.environ.get(STATE_VARIABLE):
        return Path(chosen).absolute() / "agent"
    from platformdirs import user_state_path

    return user_state_path("edgemeter") / "agent"


def host_slug() -> str:
    """The host's name as a device's; `device` where it has none that could be one."""
    return re.sub(r"[^a-z0-9-]+", "-", platform.node().partition(".")[0].lower()).strip("-")[:64] or "device"
