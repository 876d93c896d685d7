"""From root to a user that owns nothing, where the interpreter can live with that."""

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from edgemeter.isolation.attempts import Attempts
from edgemeter.isolation.confinement import Confinement
from edgemeter.isolation.kernel import calls, capabilities

# Every child gets a user id of its own, from a range that no system allots, so that
# children cannot reach each other. The other one is for containers that map few ids.
_FIRST_FREE_USER = 0x70000000
_NOBODY = 65534


def give_up_root(confinement: Confinement, attempt: Attempts) -> bool:
    """Whether this process is now an unprivileged user, which root alone can become.

    The private folder becomes that user's. A user who could not read the interpreter, the
    imported packages or the given paths (installed in root's home, say) is of no use:
    then everything stays as it was.
    """
    if not capabilities.held() & capabilities.KILL:
        attempt.refused.append("user: without CAP_KILL another user's child could not be stopped")
        return False
    groups, group = os.getgroups(), os.getegid()
    for user in (_FIRST_FREE_USER + os.getpid(), _NOBODY):
        with contextlib.suppress(OSError):  # an id that this container does not map
            os.setgroups([])
            os.setresgid(user, user, user)
            if _can_live_as(user, confinement):
                _become(user, confinement.folder)
                return True
    with contextlib.suppress(OSError):
        os.setresgid(group, group, group)
        os.setgroups(groups)
    attempt.refused.append("user: another one cannot read the interpreter or the given files")
    return False


def _become(user: int, folder: Path | None) -> None:
    for path in () if folder is None else (folder, *folder.rglob("*")):
        status = path.lstat()
        # A file with a second name may be somebody's original.
        if stat.S_ISDIR(status.st_mode) or status.st_nlink == 1:
            os.chown(path, user, user, follow_symlinks=False)
    capabilities.survive_change_of_user()
    os.setresuid(user, user, user)
    calls.keep_own_proc_readable()


def _can_live_as(user: int, confinement: Confinement) -> bool:
    needed = list(_needed(confinement))
    os.seteuid(user)
    try:
        return all(os.access(path, mode, effective_ids=True) for path, mode in needed)
    finally:
        os.seteuid(0)


def _needed(confinement: Confinement) -> Iterator[tuple[Path, int]]:
    yield from ((path, os.R_OK) for path in (*_imported(), *confinement.readable))
    yield from ((path, os.R_OK | os.W_OK) for path in confinement.writable)
    if confinement.folder is not None:
        yield confinement.folder.parent, os.X_OK


def _imported() -> Iterator[Path]:
    # One file of each package stands for the package: installers set one mode for all.
    packages = {name.partition(".")[0]: module for name, module in tuple(sys.modules.items())}
    files = (getattr(module, "__file__", None) for module in packages.values())
    yield from (Path(file) for file in files if file is not None and Path(file).exists())
