"""Which server a client talks to, and as whom: the section `[client]` of the settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from edgemeter.config import ConfigError, Places, Rank, Resolved, Variable, resolve
from edgemeter.wire.base import Slug

SECTION = "client"


def _server_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a server's address such as http://127.0.0.1:8080")
    if parts.username or parts.password:
        raise ValueError("must not carry a user or password; the server wants a token")
    return url.rstrip("/")


class ClientSettings(BaseModel):
    """`project` of None means the token's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_server_url), Variable("EDGEMETER_URL")] = "http://127.0.0.1:8080"
    token: Annotated[SecretStr | None, Variable("EDGEMETER_TOKEN")] = None
    token_file: Annotated[Path | None, Variable("EDGEMETER_TOKEN_FILE")] = (
        None  #: read where `token` is not set
    )
    project: Annotated[Slug | None, Variable("EDGEMETER_PROJECT")] = None
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 60.0  #: for one call and all its repetitions
    ca_file: Path | None = None  #: certificates to trust in place of the system's

    def token_text(self) -> str | None:
        """Raises ConfigError where the token's file cannot be read, or holds anything else."""
        if self.token is not None:
            return _checked(self.token.get_secret_value())
        if self.token_file is None:
            return None
        try:
            return _checked(self.token_file.read_text("ascii").strip())
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it holds no token"
            raise ConfigError(f"the token's file {self.token_file} cannot be used: {reason}") from None


def _checked(token: str) -> str:
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise ConfigError("the token is not one: it must be one word")
    return token


def resolve_client(
    flags: Mapping[str, object] | None = None, places: Places | None = None
) -> Resolved[ClientSettings]:
    """As `resolve`. A project's file does not choose where the user's own token is sent: that would let
    whoever wrote a checkout collect the tokens of those who step into it.
    """
    resolved = resolve(ClientSettings, SECTION, flags, places)
    url = resolved.origins["url"]
    for name in ("token", "token_file"):
        if url.rank is Rank.PROJECT_FILE and resolved.origins[name].rank is Rank.USER_FILE:
            raise ConfigError(
                f"{url.where} names the server {resolved.value.url}, but the token is from your own "
                f"{resolved.origins[name].where}: to send it there, set EDGEMETER_URL or give --url"
            )
    return resolved
