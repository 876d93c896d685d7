"""The child's side of a visit: goes through the jobs and names each on the pipe before it touches it."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgemeter.failures import Failure, FailureError, FailureKind
from edgemeter_agents.conditions.priority import permitted_fifo
from edgemeter_agents.measuring.bursts import RestDebt
from edgemeter_agents.measuring.clock import SystemClock
from edgemeter_agents.runtimes.base import MalformedModelError, UnsupportedOperatorError
from edgemeter_agents.runtimes.registry import resolve
from edgemeter_agents.visits.messages import SPEC, Failed, Finished, Job, Message, Prepared, Result, Started
from edgemeter_agents.visits.tasks import TASKS, Bench

MESSAGE_LIMIT = 1000

Send = Callable[[Any], None]


def visit(payload: dict[str, Any], send: Send) -> None:
    """Runs in a limited child of a nursery that has loaded the engine already.

    Sends `Started` and one result for every job, `Finished` at the end.
    """
    spec = SPEC.validate_python(payload)
    runtime = resolve(spec.runtime)
    runtime.load()
    realtime = permitted_fifo() if spec.priority == "fifo" else None
    bench = Bench(
        runtime,
        spec,
        SystemClock(spec.settings.threads),
        realtime,
        RestDebt(),
        lambda job: _tell(send, Prepared(job.id)),
    )
    for job in spec.jobs:
        _tell(send, Started(job.id))
        _tell(send, _attempt(bench, job))
    _tell(send, Finished())


def _tell(send: Send, message: Message) -> None:
    send(asdict(message))


def _attempt(bench: Bench, job: Job) -> Result:
    try:
        return TASKS[bench.spec.task](bench, job)
    except FailureError as error:
        return Failed(job.id, error.failure)
    except UnsupportedOperatorError as error:
        failure = Failure(
            FailureKind.UNSUPPORTED_OP, _told(error, job), error.operator_name, error.operator_type
        )
        return Failed(job.id, failure)
    except (MalformedModelError, ValueError) as error:
        return Failed(job.id, Failure(FailureKind.MALFORMED, _told(error, job)))
    except MemoryError:
        return Failed(job.id, Failure(FailureKind.OUT_OF_MEMORY, "the runtime ran out of memory"))
    except Exception as error:  # noqa: BLE001  an engine may raise anything; the job fails, the visit goes on
        return Failed(
            job.id, Failure(FailureKind.RUNTIME_ERROR, f"{type(error).__name__}: {_told(error, job)}")
        )


def _told(error: Exception, job: Job) -> str:
    """The engine's words without the paths of this machine, and no longer than anyone reads."""
    file = Path(job.file)
    return str(error).replace(job.file, file.name).replace(str(file.parent), "")[:MESSAGE_LIMIT]
