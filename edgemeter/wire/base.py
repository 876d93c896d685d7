"""The two kinds of message, and the words that bound what is in them."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

T = TypeVar("T")

#: Words of a slug: no separator that a path, a shell or a terminal gives a meaning to.
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,159}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
#: A name that people gave: printable, one line.
Label = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
Text = Annotated[str, StringConstraints(max_length=2000)]
#: SQLite and PostgreSQL both hold signed 64 bits.
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Instant = datetime


class Message(BaseModel):
    """Sent to the server: anything it does not know is an error, told by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Reply(BaseModel):
    """Sent by the server: a client ignores what it does not know yet."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Page(Reply, Generic[T]):
    """One page of a list, newest first unless said. `next_cursor` is None on the last page.

    A cursor stays valid while rows are added; rows that come later are not slipped in between.
    """

    items: tuple[T, ...]
    next_cursor: str | None = None
