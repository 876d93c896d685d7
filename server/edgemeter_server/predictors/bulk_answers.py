"""Answers to bulk requests: gathered until all codes have been checked, then sent.

An answer that begins before its request has ended could only be cut off at a wrong code; and most clients
read nothing before they have sent everything, so that both would wait for each other. A large answer
therefore waits in a file without a name, and its length is announced.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from edgemeter.wire.estimates import ARROW, BULK_COLUMNS
from edgemeter.wire.problems import ProblemType
from edgemeter_predictors.evaluation.bulk import Singles
from edgemeter_server.http.body import OCTETS
from edgemeter_server.http.problems import Refusal

if TYPE_CHECKING:
    from pyarrow import RecordBatchStreamWriter

_IN_MEMORY_BYTES: Final = 2 << 20
_SENT_BYTES: Final = 256 << 10


class BulkAnswer(ABC):
    """What is written here is sent by `response`, which is called once, after `end`."""

    media_type: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self._file = SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115  closed once it is sent

    @abstractmethod
    def write(self, table: Singles) -> None:
        """(n, 3): latency, low and high in milliseconds. Raises OSError, as for a full disk."""

    @abstractmethod
    def end(self) -> None:
        """Nothing more is written."""

    def response(self) -> Response:
        length = self._file.tell()
        self._file.seek(0)
        if length <= _IN_MEMORY_BYTES:
            with self._file:
                return Response(self._file.read(), media_type=self.media_type)
        headers = {"Content-Length": str(length)}
        return StreamingResponse(self._pieces(), headers=headers, media_type=self.media_type)

    def close(self) -> None:
        """Gives up what was written: there is no answer."""
        self._file.close()

    async def _pieces(self) -> AsyncIterator[bytes]:
        with self._file:
            while piece := await run_in_threadpool(self._file.read, _SENT_BYTES):
                yield piece


class OctetsAnswer(BulkAnswer):
    """Three little-endian float32 a row."""

    media_type = OCTETS

    def write(self, table: Singles) -> None:
        self._file.write(np.ascontiguousarray(table, "<f4").data)

    def end(self) -> None:
        """Rows need no end."""


class ArrowAnswer(BulkAnswer):
    """A batch of three columns for each table. Raises Refusal where the server has no pyarrow."""

    media_type = ARROW

    def __init__(self, folder: Path) -> None:
        pa = _pyarrow()
        super().__init__(folder)
        self._schema = pa.schema([pa.field(name, pa.float32(), nullable=False) for name in BULK_COLUMNS])
        self._writer: RecordBatchStreamWriter = pa.ipc.new_stream(self._file, self._schema)

    def write(self, table: Singles) -> None:
        pa = _pyarrow()
        columns = [pa.array(column) for column in table.T.copy()]
        self._writer.write_batch(pa.record_batch(columns, schema=self._schema))

    def end(self) -> None:
        self._writer.close()


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        words = "this server has no pyarrow; its admin installs `edgemeter[tables]`, or send octets"
        raise Refusal(ProblemType.UNSUPPORTED_MEDIA, words) from None
    return pyarrow
