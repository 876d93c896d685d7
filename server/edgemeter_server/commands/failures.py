"""What goes wrong with the database or the artifacts of a command, told in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from edgemeter.failures import EdgeMeterError


@contextmanager
def told() -> Iterator[None]:
    """Such errors leave as EdgeMeterError, which the command line prints. Whoever runs the command is told
    what the database said, which clients of a server are not.
    """
    from edgemeter_server.artifacts.storage import StorageError
    from edgemeter_server.database.base import UnavailableError

    try:
        yield
    except UnavailableError as error:
        raise EdgeMeterError(f"{error}: {_root(error)}") from error
    except StorageError as error:
        raise EdgeMeterError(str(error)) from error
    except OSError as error:
        raise EdgeMeterError(f"{error.filename or 'the database'}: {error.strerror or error}") from error


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
