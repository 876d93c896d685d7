"""One function, one confined child, one result."""

import atexit
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgemeter.failures import FailureError, FailureKind
from edgemeter.isolation.confinement import Confinement
from edgemeter.isolation.folders import attempt_folder, private_copy
from edgemeter.isolation.limits import DEFAULT_LIMITS, Limits
from edgemeter.isolation.nursery import Nursery


def run_limited(
    task: str,
    payload: Mapping[str, Any],
    limits: Limits = DEFAULT_LIMITS,
    preload: Sequence[str] = (),
    files: Mapping[str, Path] | None = None,
) -> Any:
    """Calls `task`, "module:function", as function(payload) in a confined child; returns its result.

    Payload and result are plain JSON; the result comes from a process that may have been
    taken over, so check it like any input. A file is out of the child's reach unless it is
    one of `files`: each is copied into the child's private folder, and the payload gets the
    path of the copy under the same name. `preload` names modules that a helper process
    imports once for all calls that name the same ones; the module of `task` is among them.

    Raises FailureError: what the function raised as such, else timeout, out_of_memory or
    runtime_error (a crash, or any other exception, in words without paths); malformed for
    a file that is a symbolic link or no regular file. May be called from several threads.
    """
    modules = tuple(dict.fromkeys((*preload, task.partition(":")[0])))
    with attempt_folder() as folder:
        copies = {name: str(private_copy(path, folder, name)) for name, path in (files or {}).items()}
        work = {"task": task, "payload": {**payload, **copies}}
        nursery = _nurseries.get(modules)
        confinement = Confinement(folder=folder)
        with nursery.start("edgemeter.isolation.task:call_and_send", work, limits, confinement) as child:
            results = list(child.messages())
            failure = child.wait().failure("the reader")
    if failure is not None:
        raise FailureError(failure)
    if len(results) != 1:
        raise FailureError.of(FailureKind.RUNTIME_ERROR, "the reader garbled its report")
    return results[0]


class _Nurseries:
    """The nurseries of this process, one for each set of preloaded modules."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)
        atexit.register(self._close)

    def forget(self) -> None:
        """After a fork: the parent's nurseries serve the parent alone."""
        self._lock = threading.Lock()
        self._of_others = getattr(self, "_running", {})  # kept: dropping them would wait for them
        self._running: dict[tuple[str, ...], Nursery] = {}

    def get(self, modules: tuple[str, ...]) -> Nursery:
        with self._lock:
            nursery = self._running.get(modules)
            if nursery is None or not nursery.alive:
                nursery = self._running[modules] = Nursery(modules)
            return nursery

    def _close(self) -> None:
        for nursery in self._running.values():
            nursery.close()


_nurseries = _Nurseries()
