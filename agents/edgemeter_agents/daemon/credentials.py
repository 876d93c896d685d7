"""The agent's token: enrolled once, kept in a file that only its user can read."""

import os
import stat
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from edgemeter.failures import EdgeMeterError
from edgemeter.wire.agents import Enrol, Enrolled
from edgemeter.wire.problems import ProblemError
from edgemeter_agents.daemon.transport import Transport, TransportError

FILE_NAME = "token.json"


class CredentialsError(EdgeMeterError):
    """There is no token that could be used. The text says what to do."""


class Credentials(BaseModel):
    model_config = ConfigDict(frozen=True)

    server: str
    device: str
    token: str


def load(state: Path) -> Credentials | None:
    """None where there are none yet. Raises CredentialsError for a file that others may read or wrote."""
    path = state / FILE_NAME
    try:
        with path.open("rb") as file:
            facts = os.fstat(file.fileno())
            content = file.read(1 << 16)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialsError(f"{path} cannot be read: {error.strerror}") from None
    if facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & 0o077:
        raise CredentialsError(f"{path} must belong to this user and nobody else may read it: chmod 600")
    try:
        return Credentials.model_validate_json(content)
    except ValidationError:
        raise CredentialsError(f"{path} holds no token; remove it and enrol again") from None


def save(state: Path, credentials: Credentials) -> None:
    """Whole or not at all, and never readable for others, not for a moment."""
    temporary = state / f"{FILE_NAME}.tmp"
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(credentials.model_dump_json().encode())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(state / FILE_NAME)


async def enrol(server: str, device: str, one_time: str, certificate: Path | None) -> Credentials:
    """Spends the one-time token. Raises CredentialsError."""
    async with Transport(server, one_time, certificate) as transport:
        try:
            enrolled = await transport.post("/v1/agent/enrol", Enrol(device=device), Enrolled)
        except ProblemError as error:
            raise CredentialsError(f"the server does not enrol this device: {error}") from None
        except TransportError as error:
            raise CredentialsError(f"the server cannot be reached: {error}") from None
    return Credentials(server=server, device=enrolled.device, token=enrolled.token)
