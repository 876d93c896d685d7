"""Imported by a nursery: loads the engine named in its environment once, for all children it forks."""

import os
import time

from edgemeter_agents.runtimes.registry import resolve

VARIABLE = "EDGEMETER_RUNTIME"

#: How long loading took in this process, None where it was not asked for. Children inherit it.
LOAD_MS: float | None = None

if name := os.environ.get(VARIABLE):
    _runtime = resolve(name)
    _began_ns = time.perf_counter_ns()
    _runtime.load()
    LOAD_MS = (time.perf_counter_ns() - _began_ns) / 1e6
