"""The secret that signs leases: given in the settings, or made once and kept in a file."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from edgemeter.failures import EdgeMeterError
from edgemeter_server.settings import Settings

_BYTES: Final = 32
_FILE: Final = "server-key"


class KeyFormatError(EdgeMeterError):
    """A key is not one. The text never shows any of it."""


def server_key(settings: Settings) -> bytes:
    """`key`, or what is in `key_file`, or in the data folder's own file, which is made where it is absent."""
    if settings.key is not None:
        return _parsed(settings.key.get_secret_value(), "the setting `key`")
    path = settings.key_file or settings.data_folder / _FILE
    if not path.exists():
        _make(path)
    return _parsed(path.read_text("ascii", errors="replace"), f"the key file {path}")


def key_of_epoch(key: bytes, epoch: int) -> bytes:
    """After a restore no lease of before fits, though their numbers are given out again."""
    return hmac.digest(key, b"epoch %d" % epoch, hashlib.sha256)


def _parsed(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise KeyFormatError(f"{where} must be 64 hex digits; `openssl rand -hex 32` makes some")
    return key


def _make(path: Path) -> None:
    """Whole or not at all, and by one of several that start at once."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        _publish(draft, path)
    finally:
        draft.unlink()


def _publish(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another server was first: its key is the one
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
