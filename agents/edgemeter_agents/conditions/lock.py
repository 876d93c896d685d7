"""The machine-wide lock around timed blocks: nothing is ever measured beside another measurement."""

import errno
import fcntl
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edgemeter.failures import Failure, FailureError, FailureKind

ENVIRONMENT = "EDGEMETER_LOCK"
FILE_NAME = "edgemeter.lock"
POLL_S = 0.1

#: Told once for each process waited for: its id, None where it cannot be seen.
Waiting = Callable[[int | None], None]


def lock_path() -> Path:
    """EDGEMETER_LOCK, or one file that all users of the machine agree on.

    Containers measure on the same processors: mount one folder into all and name a file in it.
    """
    if chosen := os.environ.get(ENVIRONMENT):
        return Path(chosen)
    shared = (folder for folder in (Path("/run/lock"), Path("/tmp")) if _open_to_all(folder))  # noqa: S108
    return next(shared, Path(tempfile.gettempdir())) / FILE_NAME


@contextmanager
def machine_lock(
    timeout_s: float | None = None, waiting: Waiting | None = None, path: Path | None = None
) -> Iterator[None]:
    """Holds the lock, waiting for it up to `timeout_s` (None: for as long as it takes). Who releases it and
    asks again comes after those that wait meanwhile.

    The kernel releases it when the process and every child forked meanwhile have ended, however
    they end. Raises FailureError of kind `device_unready` at the timeout and where the file cannot
    be a lock (a link, a folder, one that this user may not open).
    """
    place = path or lock_path()
    wait = _Wait(place, timeout_s, waiting)
    with _turn(place, wait):
        descriptor = _acquire(place, wait)
    try:
        _sign(descriptor)
        yield
    finally:
        _release(descriptor)


class _UnusableFileError(FailureError):
    """A file that cannot be a lock. Says why."""


class _Wait:
    """One caller's patience for the lock at `place`."""

    def __init__(self, place: Path, timeout_s: float | None, waiting: Waiting | None) -> None:
        self._place = place
        self._deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        self._waiting = waiting
        self._told: set[int | None] = set()

    def a_little(self) -> None:
        """Tells who has the lock. Raises FailureError at the timeout."""
        holder = _holder_of(self._place)
        if self._waiting is not None and holder not in self._told:
            self._told.add(holder)
            self._waiting(holder)
        if self._deadline_s is not None and time.monotonic() >= self._deadline_s:
            text = f"another measurement (pid {holder or 'unknown'}) is running on this machine"
            raise FailureError.of(FailureKind.DEVICE_UNREADY, text)
        time.sleep(POLL_S)


@contextmanager
def _turn(place: Path, wait: _Wait) -> Iterator[None]:
    """Of all that wait, one has the turn and is the only one to ask for the lock. Where no file can be made
    beside the lock's, as where a container is given that file alone, all ask at once.
    """
    descriptor = None
    with suppress(_UnusableFileError):
        descriptor = _acquire(place.with_name(f"{place.name}.next"), wait)
    try:
        yield
    finally:
        if descriptor is not None:
            _release(descriptor)


def _acquire(path: Path, wait: _Wait) -> int:
    while True:
        descriptor = _open(path)
        if _locked(descriptor) and _still_there(descriptor, path):
            return descriptor
        os.close(descriptor)
        wait.a_little()


def _open(path: Path) -> int:
    common = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a planted pipe must not block us
    # Creating comes last: in a sticky folder the kernel refuses O_CREAT on another user's file.
    attempts = (os.O_RDWR, os.O_RDONLY, os.O_RDWR | os.O_CREAT | os.O_EXCL, os.O_RDWR, os.O_RDONLY)
    refusals: dict[int, str] = {}
    for flags in attempts:
        try:
            descriptor = os.open(path, flags | common, 0o666)
        except OSError as error:
            refusals[error.errno or 0] = error.strerror or "unknown error"
        else:
            return _checked(descriptor, path, created=bool(flags & os.O_CREAT))
    raise _unusable(f"the lock file {path.name} cannot be opened ({_why(refusals)})")


def _why(refusals: dict[int, str]) -> str:
    if errno.ELOOP in refusals:
        return "it is a symbolic link"
    # That it is absent at first, or present when it is to be created, explains nothing by itself.
    telling = [text for code, text in refusals.items() if code not in (errno.ENOENT, errno.EEXIST)]
    return (telling or list(refusals.values()))[-1]


def _checked(descriptor: int, path: Path, created: bool) -> int:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _unusable(f"the lock file {path.name} is not a regular file")
    if created:
        os.fchmod(descriptor, 0o666)  # other users take turns with us, whatever our umask
    return descriptor


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _still_there(descriptor: int, path: Path) -> bool:
    # Between opening and locking the file may have been removed: then others lock a new one.
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def _sign(descriptor: int) -> None:
    with suppress(OSError):  # opened for reading only: the lock holds all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def _release(descriptor: int) -> None:
    with suppress(OSError):  # opened for reading only
        os.ftruncate(descriptor, 0)
    # Closing alone would leave it with a child that was forked meanwhile.
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def _holder_of(path: Path) -> int | None:
    descriptor = _open(path)
    try:
        return _holder(descriptor)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> int | None:
    found = re.fullmatch(rb"([0-9]{1,9})\n", os.pread(descriptor, 16, 0))
    return int(found[1]) if found else None


def _open_to_all(folder: Path) -> bool:
    # By its mode, not by this user's rights: every user must come to the same answer.
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) and bool(mode & stat.S_ISVTX) and bool(mode & stat.S_IWOTH)


def _unusable(why: str) -> _UnusableFileError:
    return _UnusableFileError(Failure(FailureKind.DEVICE_UNREADY, f"{why}; {ENVIRONMENT} names another"))
