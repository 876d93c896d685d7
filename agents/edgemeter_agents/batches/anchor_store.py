"""Keeps what the anchors have read on this machine, one small file for each target and way of measuring."""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edgemeter_agents.measuring.history import AnchorHistory

STATE_VARIABLE = "EDGEMETER_STATE_DIR"


@dataclass(frozen=True, slots=True)
class AnchorKey:
    """What must be the same for two sessions' anchors to be compared."""

    target: str
    runtime_version: str
    protocol_digest: str
    priority: str
    cpus: tuple[int, ...]
    anchors: tuple[str, str]  #: sha256 of both files

    @property
    def file_name(self) -> str:
        digest = hashlib.sha256(repr(self).encode()).hexdigest()[:12]
        return f"{self.target}.{digest}.json"


class AnchorStore:
    """Histories in a folder. A file that cannot be read counts as none: it is only history."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or default_folder()

    def load(self, key: AnchorKey) -> AnchorHistory:
        try:
            return AnchorHistory.from_json(json.loads((self._folder / key.file_name).read_text()))
        except (OSError, ValueError, KeyError, TypeError):
            return AnchorHistory()

    def save(self, key: AnchorKey, history: AnchorHistory) -> None:
        """Replaces the file at once, so that a crash leaves the old or the new one."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=self._folder, delete=False, suffix=".tmp") as file:
            json.dump(history.to_json(), file)
        Path(file.name).replace(self._folder / key.file_name)


def default_folder() -> Path:
    if chosen := os.environ.get(STATE_VARIABLE):
        return Path(chosen) / "anchors"
    from platformdirs import user_state_path

    return user_state_path("edgemeter") / "anchors"
