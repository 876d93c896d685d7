"""Many architectures in one request: read, checked and evaluated while they come, in flat memory."""

from collections.abc import AsyncIterable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from edgemeter.spaces.codes import validate
from edgemeter.spaces.space import CodeError, Codes, Space
from edgemeter.wire.estimates import ARROW
from edgemeter.wire.problems import ProblemType
from edgemeter_predictors.evaluation.bulk import Singles
from edgemeter_predictors.evaluation.evaluator import Evaluator
from edgemeter_server.artifacts.failures import told_as_storage
from edgemeter_server.artifacts.refusing import told_as_refusal
from edgemeter_server.http.body import OCTETS, in_pieces
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.arrow_reading import ArrowReader
from edgemeter_server.predictors.bulk_answers import ArrowAnswer, BulkAnswer, OctetsAnswer
from edgemeter_server.predictors.codes_reading import CodesReader, OctetsReader

#: How both directions are written, by the type of the body.
FORMATS: Final[Mapping[str, tuple[type[CodesReader], type[BulkAnswer]]]] = {
    OCTETS: (OctetsReader, OctetsAnswer),
    ARROW: (ArrowReader, ArrowAnswer),
}
#: About ten thousand architectures: the loop does so many itself, since a turn of a thread costs more.
_PIECE_BYTES: Final = 256 << 10


@dataclass(frozen=True, slots=True)
class Bulk:
    """One request under way. `note` is told the architectures that were answered."""

    space: Space
    evaluator: Evaluator
    level: float
    reader: CodesReader
    answer: BulkAnswer
    note: Callable[[Codes], None]

    def take(self, piece: bytes) -> None:
        """Raises Refusal for what are no codes of the space, or where the disk is full."""
        with told_as_refusal(), told_as_storage():
            for codes in self.reader.feed(piece):
                self.answer.write(self._table(codes))
                self.note(codes)

    def _table(self, codes: Codes) -> Singles:
        try:
            return self.evaluator.table_ms(codes, self.level)
        except CodeError as error:
            raise Refusal(ProblemType.INVALID, self._where(codes) or str(error)) from None

    def _where(self, codes: Codes) -> str:
        """The evaluator counts the rows of a piece; these words count those of the request."""
        try:
            validate(self.space, codes, self.reader.rows - len(codes))
        except CodeError as error:
            return str(error)
        return ""

    def finish(self) -> Response:
        with told_as_refusal(), told_as_storage():
            self.reader.end()
            self.answer.end()
            return self.answer.response()


def bulk(
    space: Space,
    evaluator: Evaluator,
    level: float,
    media_type: str,
    folder: Path,
    note: Callable[[Codes], None],
) -> Bulk:
    """`folder` is where a large answer waits."""
    reader, answer = FORMATS[media_type]
    return Bulk(space, evaluator, level, reader(space), answer(folder), note)


async def answered(asked: Bulk, body: AsyncIterable[bytes]) -> Response:
    """All of it or, in a Refusal, the first thing that is wrong."""
    try:
        await _take_all(asked, body)
        return asked.finish()
    except BaseException:
        asked.answer.close()
        raise


async def _take_all(asked: Bulk, body: AsyncIterable[bytes]) -> None:
    first = True
    async for piece in in_pieces(body, _PIECE_BYTES):
        if first and asked.evaluator.quick:
            asked.take(piece)
        else:
            await run_in_threadpool(asked.take, piece)
        first = False
