"""What the system says of a file, in a storage's words."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from edgemeter_server.artifacts.storage import StorageFullError, StorageUnavailableError

#: EFBIG: beyond what this process may write to one file.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def told_as_storage() -> Iterator[None]:
    """Raises StorageError for an OSError, without the path that it names."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError("no space is left for artifacts") from error
        raise StorageUnavailableError(f"the artifacts' folder does not work: {error.strerror}") from error
