"""Estimates of any number of architectures: arrays of codes in, arrays of milliseconds out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from edgemeter.client.asking import ask
from edgemeter.client.errors import ClientError, UnexpectedReplyError
from edgemeter.client.generated import AnySpace, Named, named
from edgemeter.client.listing import written
from edgemeter.client.project import home_project
from edgemeter.client.steps import Call, Emit, Steps, Stream
from edgemeter.client.uploading import SLOWEST_BYTES_PER_S
from edgemeter.wire.estimates import BULK_COLUMNS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgemeter.spaces.space import Codes

_ROWS_AT_ONCE: Final = 1 << 16
_ANSWER_BYTES: Final = 4 * len(BULK_COLUMNS)  #: of a row: float32


@dataclass(frozen=True, slots=True, eq=False)
class BulkEstimates:
    """Of n architectures, (n,) float32 each; the interval is of the level that was asked for."""

    latency_ms: "NDArray[np.float32]"
    low_ms: "NDArray[np.float32]"
    high_ms: "NDArray[np.float32]"

    def __len__(self) -> int:
        return len(self.latency_ms)


def estimates_bulk(
    space: AnySpace, target: str, codes: "Codes", *, level: float = 0.9, project: str | None = None
) -> Steps[BulkEstimates]:
    """Predictions of architectures as codes, (n, columns) of uint8, in one request of any size.

    Nothing is looked up that was measured, and nothing is measured: that is `estimates`. Raises ProblemError
    for codes that are none of the space's, with the row.
    """
    home, asked = (yield from home_project(project)), named(space)
    query = written({"space": asked.name, "target": target, "level": level, "project": home})
    return (yield from _bulk(asked, query, codes))


def estimates_in_chunks(
    space: AnySpace,
    target: str,
    chunks: "Iterable[Codes]",
    *,
    level: float = 0.9,
    project: str | None = None,
) -> "Stream[BulkEstimates]":
    """As `estimates_bulk`, of one array after the other, such as 100,000 rows each: one of them is held.

    The next is asked for when the last has been taken.
    """
    home, asked = (yield from home_project(project)), named(space)
    query = written({"space": asked.name, "target": target, "level": level, "project": home})
    for codes in chunks:
        yield Emit((yield from _bulk(asked, query, codes)))


@dataclass(frozen=True, slots=True)
class _CodesBody:
    """Row after row, one byte a column."""

    codes: "Codes"
    media_type: str = "application/octet-stream"

    @property
    def size_bytes(self) -> int:
        return self.codes.size

    def chunks(self) -> Iterator[bytes]:
        for start in range(0, len(self.codes), _ROWS_AT_ONCE):
            yield self.codes[start : start + _ROWS_AT_ONCE].tobytes()


def _bulk(asked: Named, query: dict[str, str], codes: "Codes") -> Steps[BulkEstimates]:
    body = _CodesBody(_checked(asked, codes))
    call = Call(
        method="POST",
        path="/v1/estimates/bulk",
        query=query,
        body=body,
        longer_s=body.size_bytes / SLOWEST_BYTES_PER_S,
        read=partial(_read, rows=len(codes)),
    )
    return (yield from ask(call))


def _checked(asked: Named, codes: Any) -> "Codes":
    """The server tells rows; what is no table of bytes at all would be told in odd words."""
    import numpy as np

    if not isinstance(codes, np.ndarray) or codes.dtype != np.uint8 or codes.ndim != 2 or not len(codes):
        raise ClientError("codes are an array (n, columns) of uint8, of one architecture at least")
    return codes if asked.part is None else asked.part.to_base(codes)


def _read(content: bytes, rows: int) -> BulkEstimates:
    import numpy as np

    if len(content) != rows * _ANSWER_BYTES:
        raise UnexpectedReplyError(
            f"the answer has {len(content) // _ANSWER_BYTES} rows for {rows} of codes: are they"
            " as wide as the space?"
        )
    table = np.frombuffer(content, "<f4").reshape(rows, len(BULK_COLUMNS)).astype(np.float32, copy=False)
    return BulkEstimates(*table.T)
