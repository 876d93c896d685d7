"""What goes wrong with the database or the artifacts of a command, told in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from edgemeter.failures import EdgeMeterError


@contextmanager
def told() -> Iterator[None]:
    """Such errors leave as EdgeMeterError, which the command line prints."""
    from edgemeter_server.artifacts.storage import StorageError
    from edgemeter_server.database.base import UnavailableError

    try:
        yield
    except (StorageError, UnavailableError) as error:
        raise EdgeMeterError(str(error)) from error
    except OSError as error:
        raise EdgeMeterError(f"{error.filename or 'the database'}: {error.strerror or error}") from error
