"""What a storage cannot do, as clients are told of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from edgemeter.wire.problems import ProblemType
from edgemeter_server.artifacts.storage import StorageFullError, StorageUnavailableError
from edgemeter_server.http.problems import Refusal

_RETRY_S: Final = 5.0
_RETRY_FULL_S: Final = 60.0


@contextmanager
def told_as_refusal() -> Iterator[None]:
    try:
        yield
    except StorageFullError as error:
        raise Refusal(ProblemType.STORAGE_FULL, str(error), retry_after_s=_RETRY_FULL_S) from error
    except StorageUnavailableError as error:
        raise Refusal(ProblemType.UNAVAILABLE, str(error), retry_after_s=_RETRY_S) from error
