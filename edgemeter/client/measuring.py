"""Asking for measurements, and waiting for the answers."""

from collections.abc import Callable, Iterable
from uuid import uuid4

from edgemeter.client.answers import Answers
from edgemeter.client.asking import ask
from edgemeter.client.errors import ClientError
from edgemeter.client.planning import Network, Wishes, plan
from edgemeter.client.project import home_project
from edgemeter.client.replies import reader
from edgemeter.client.steps import Call, Steps, collected
from edgemeter.client.waiting import ENDED, wait
from edgemeter.failures import Failure, FailureError, FailureKind
from edgemeter.wire.requests import Estimate, NewRequests, RequestDocument, RequestItem, Requests


def request_all(
    items: Iterable[RequestItem], *, project: str | None = None, idempotency_key: str | None = None
) -> Steps[Answers]:
    """Asks for measurements: all are accepted, durably, or none. The same key again changes nothing."""
    message = NewRequests(project=(yield from home_project(project)), items=tuple(items))
    call = Call(
        method="POST",
        path="/v1/requests",
        message=message,
        idempotency_key=idempotency_key or str(uuid4()),
        read=reader(Requests),
    )
    return Answers((yield from ask(call)).requests)


def submit(
    networks: Iterable[Network],
    targets: str | Iterable[str],
    *,
    wishes: Wishes | None = None,
    project: str | None = None,
    note: Callable[[str], None] | None = None,
) -> Steps[Answers]:
    """Asks for every network on every target that the words fit, in that order, and does not wait.

    `targets` are words of targets such as `openvino.int8`, or whole slugs. `note` is told of each file.
    """
    project = yield from home_project(project)
    items = yield from plan(networks, targets, wishes or Wishes(), project, note)
    return (yield from request_all(items, project=project))


def measure_all(
    networks: Iterable[Network],
    targets: str | Iterable[str],
    *,
    wishes: Wishes | None = None,
    project: str | None = None,
    timeout_s: float | None = None,
) -> Steps[Answers]:
    """As `submit`, and waits: each has an estimate, or a failure that says why not.

    Raises StillWaitingError after `timeout_s`; the requests go on.
    """
    asked = yield from submit(networks, targets, wishes=wishes, project=project)
    return (yield from _ended(asked, timeout_s))


def measure(
    network: Network,
    target: str,
    *,
    wishes: Wishes | None = None,
    project: str | None = None,
    timeout_s: float | None = None,
) -> Steps[Estimate]:
    """How fast is this network on that target? Raises FailureError where it could not be measured,
    ClientError where the words fit several targets, StillWaitingError after `timeout_s`.
    """
    project = yield from home_project(project)
    items = yield from plan([network], target, wishes or Wishes(), project, None)
    if len(items) > 1:
        slugs = ", ".join(item.target for item in items)
        raise ClientError(f"{target!r} fits several targets: {slugs}; name one, or use measure_all")
    asked = yield from request_all(items, project=project)
    (answer,) = yield from _ended(asked, timeout_s)
    if answer.estimate is None:
        raise FailureError(_failure_of(answer))
    return answer.estimate


def cancel(request_id: int) -> Steps[RequestDocument]:
    """Gives a request up. Others who asked for the same keep theirs."""
    path = f"/v1/requests/{int(request_id)}/cancel"
    return (yield from ask(Call(method="POST", path=path, read=reader(RequestDocument))))


def _ended(asked: Answers, timeout_s: float | None) -> Steps[Answers]:
    unended = [document.id for document in asked if document.state not in ENDED]
    ended = yield from collected(wait(unended, timeout_s=timeout_s))
    by_id = {document.id: document for document in (*asked, *ended)}
    return Answers(by_id[document.id] for document in asked)


def _failure_of(answer: RequestDocument) -> Failure:
    if answer.failure is None:
        return Failure(FailureKind.CANCELLED, "the request was cancelled")
    told = answer.failure
    return Failure(told.kind, told.message, told.operator_name, told.operator_type)
