"""Untrusted work in limited child processes.

A `Nursery` imports engines once and forks a confined `Child` for each task;
`run_limited` does it all for one function and one result.
"""

from edgemeter.isolation.child import Child, EndedError
from edgemeter.isolation.confinement import Achieved, Confinement
from edgemeter.isolation.folders import attempt_folder, private_copy
from edgemeter.isolation.limits import Limits
from edgemeter.isolation.nursery import IsolationUnavailableError, Nursery
from edgemeter.isolation.oneshot import run_limited
from edgemeter.isolation.outcome import Ending, Outcome

__all__ = [
    "Achieved",
    "Child",
    "Confinement",
    "EndedError",
    "Ending",
    "IsolationUnavailableError",
    "Limits",
    "Nursery",
    "Outcome",
    "attempt_folder",
    "private_copy",
    "run_limited",
]
