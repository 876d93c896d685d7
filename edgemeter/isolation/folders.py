"""Private folders: a model sees itself and no neighbour.

An ONNX file may name other files as its external data, and engines read them from
its folder. So each attempt gets a folder that holds nothing else.
"""

import errno
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgemeter.failures import FailureError, FailureKind

_SUFFIX = re.compile(r"\.[a-z0-9]{1,10}")
_CHUNK_BYTES = 1 << 26
_GIB = 1 << 30
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def attempt_folder(parent: Path | None = None) -> Iterator[Path]:
    """A new folder that only this user can open, removed with whatever a child left in it."""
    folder = Path(tempfile.mkdtemp(prefix="edgemeter-", dir=parent))
    try:
        yield folder
    finally:
        _remove(folder)


def private_copy(file: Path, folder: Path, name: str = "model", size_bytes_max: int = 4 * _GIB) -> Path:
    """Copies `file` into `folder` as `name` with the file's own suffix; returns the copy.

    It is a copy and no hard link: through a link, a child of the same user could change
    the original. File systems that can share blocks do so here. Everybody may read the
    copy, because the child may be another user; the folder is what keeps others out.
    Raises FailureError (malformed) for a symbolic link, for anything but a regular file
    and for one that is too large, and OSError when it cannot be read.
    """
    suffix = file.suffix.lower()
    copy = folder / f"{name}{suffix if _SUFFIX.fullmatch(suffix) else ''}"
    with open(_open_regular(file), "rb") as source, copy.open("xb") as target:
        _copy(source.fileno(), target.fileno(), size_bytes_max)
        os.fchmod(target.fileno(), 0o444)
    return copy


def _open_regular(file: Path) -> int:
    try:
        # Without O_NONBLOCK, a FIFO would keep us waiting for its writer.
        fd = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise FailureError.of(FailureKind.MALFORMED, "a symbolic link is no network") from error
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise FailureError.of(FailureKind.MALFORMED, "not a regular file")
    return fd


def _copy(source_fd: int, target_fd: int, size_bytes_max: int) -> None:
    # Asked first, since a file too large takes long to copy; and counted, since it may grow meanwhile.
    copied_bytes, size_bytes = 0, os.fstat(source_fd).st_size
    while max(copied_bytes, size_bytes) <= size_bytes_max:
        count = _copy_some(source_fd, target_fd)
        if not count:
            return
        copied_bytes += count
    raise FailureError.of(FailureKind.MALFORMED, f"the file is larger than {size_bytes_max / _GIB:.3g} GiB")


def _copy_some(source_fd: int, target_fd: int) -> int:
    try:
        return os.copy_file_range(source_fd, target_fd, _CHUNK_BYTES)
    except OSError:  # between file systems, or on one that cannot
        return os.sendfile(target_fd, source_fd, None, _CHUNK_BYTES)


def _remove(folder: Path) -> None:
    # A child may have nested folders deeper than any recursion goes and taken its own
    # rights away; so what lies inside a folder is moved up until there is no inside.
    parent = os.open(folder.parent, _FOLDER)
    try:
        if _is_owned_folder(folder.name, parent):
            _empty(folder.name, parent)
            os.rmdir(folder.name, dir_fd=parent)
    finally:
        os.close(parent)


def _empty(name: str, parent: int) -> None:
    top = os.open(name, _FOLDER, dir_fd=parent)
    try:
        while names := _names(top):
            for inside in names:
                _flatten(inside, top)
    finally:
        os.close(top)


def _flatten(name: str, top: int) -> None:
    if not _is_owned_folder(name, top):
        os.unlink(name, dir_fd=top)
        return
    inner = os.open(name, _FOLDER, dir_fd=top)
    try:
        for child in _names(inner):
            _is_owned_folder(child, inner)
            os.rename(child, secrets.token_hex(8), src_dir_fd=inner, dst_dir_fd=top)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _is_owned_folder(name: str, parent: int) -> bool:
    """Whether it is a folder; one is made accessible on the way."""
    is_folder = stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    if is_folder:
        os.chmod(name, 0o700, dir_fd=parent)
    return is_folder
