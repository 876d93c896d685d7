"""The loop that sends, driven without any network: what it sends, how long it waits, when it gives up."""

from collections.abc import Sequence
from typing import Any

import pytest

from edgemeter.client.asking import Answer, Outcome, Silence, ask
from edgemeter.client.errors import StillWaitingError, UnexpectedReplyError, UnreachableError
from edgemeter.client.replies import reader
from edgemeter.client.retrying import RetryPolicy
from edgemeter.client.steps import Call, Consult, Context, Emit, Pause, Send
from edgemeter.client.waiting import wait
from edgemeter.wire.access import ProjectDocument
from edgemeter.wire.base import Page
from edgemeter.wire.problems import MEDIA_TYPE, Problem, ProblemError
from edgemeter.wire.requests import RequestDocument, RequestState

PROJECT = ProjectDocument.model_validate(
    {"slug": "p", "private": False, "created_at": "2026-01-01T00:00:00Z"}
)
FINE = Answer(200, {}, PROJECT.model_dump_json().encode())
BUSY = Answer(503, {"retry-after": "2"}, b"")
GET = Call(method="GET", path="/v1/projects/p", read=reader(ProjectDocument))


class World:
    """A clock that only pauses and sent calls move, and a server that answers as told."""

    def __init__(self, answers: Sequence[Outcome], call_takes_s: float = 0.1) -> None:
        self.now_s = 1000.0
        self.answers = list(answers)
        self.call_takes_s = call_takes_s
        self.sent: list[Send] = []
        self.pauses: list[float] = []

    def perform(self, step: object) -> object:
        match step:
            case Consult():
                return Context(RetryPolicy(), 10.0, None, lambda: self.now_s, lambda: 0.5)
            case Send():
                self.sent.append(step)
                self.now_s += self.call_takes_s
                return self.answer(step)
            case Pause(delay_s):
                self.pauses.append(delay_s)
                self.now_s += delay_s
        return None

    def answer(self, _send: Send) -> Outcome:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def run(self, steps: Any) -> Any:
        reply = None
        while True:
            try:
                reply = self.perform(steps.send(reply))
            except StopIteration as end:
                return end.value

    def stream(self, steps: Any) -> list[Any]:
        reply, found = None, []
        while True:
            try:
                step = steps.send(reply)
            except StopIteration:
                return found
            if isinstance(step, Emit):
                found.append(step.value)
                reply = None
            else:
                reply = self.perform(step)


def test_an_answer_is_read() -> None:
    world = World([FINE])
    assert world.run(ask(GET)) == PROJECT
    assert world.pauses == []


def test_retry_after_is_waited_for_with_jitter_on_top() -> None:
    world = World([BUSY, FINE])
    assert world.run(ask(GET)) == PROJECT
    assert world.pauses == [2.0 + 0.5 * 0.25]


def test_attempts_end() -> None:
    world = World([Silence("gone", reached=True)])
    with pytest.raises(UnreachableError, match="gone"):
        world.run(ask(GET))
    assert len(world.sent) == RetryPolicy().attempts


def test_the_deadline_ends_them_before() -> None:
    world = World([BUSY], call_takes_s=4.0)
    with pytest.raises(ProblemError) as caught:
        world.run(ask(GET))
    assert caught.value.retry_after_s == 2.0
    assert len(world.sent) == 2
    assert world.sent[1].timeout_s == pytest.approx(10.0 - 4.0 - 2.125)


def test_a_call_that_must_not_be_repeated_is_not() -> None:
    call = Call(method="POST", path="/v1/tokens", read=reader(ProjectDocument), repeatable=False)
    world = World([Silence("cut off", reached=True), FINE])
    with pytest.raises(UnreachableError):
        world.run(ask(call))
    assert len(world.sent) == 1


def test_a_problem_is_told_by_its_type() -> None:
    problem = Problem(type="/problems/not-found", title="Not Found", status=404, detail="no such project")
    answer = Answer(404, {"content-type": MEDIA_TYPE}, problem.model_dump_json().encode())
    with pytest.raises(ProblemError, match="no such project") as caught:
        World([answer]).run(ask(GET))
    assert caught.value.kind == "not-found"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {}, b"<html>a proxy's page</html>"),
        Answer(200, {}, b'{"slug": "p"}'),
        Answer(302, {"location": "https://elsewhere.example/"}, b""),
    ],
)
def test_what_is_not_the_services_answer_is_told(answer: Answer) -> None:
    with pytest.raises(UnexpectedReplyError):
        World([answer]).run(ask(GET))


@pytest.mark.parametrize("body", [b"<h1>Bad</h1>", b"\xff", b"{}", b'{"type": 1}'])
def test_an_error_without_a_problem_keeps_its_status(body: bytes) -> None:
    with pytest.raises(ProblemError) as caught:
        World([Answer(403, {"content-type": MEDIA_TYPE}, body)]).run(ask(GET))
    assert caught.value.problem.status == 403


class Service(World):
    """Requests that end one after the other, a second apart."""

    def __init__(self, count: int) -> None:
        super().__init__([])
        self.ends = {id_: self.now_s + id_ for id_ in range(1, count + 1)}

    def answer(self, send: Send) -> Outcome:
        call = send.call
        if call.path != "/v1/requests":
            id_ = int(call.path.rpartition("/")[2])
            longest_s = self.now_s + float(call.query.get("wait", 0))
            self.now_s = max(self.now_s, min(longest_s, self.ends[id_]))
            return Answer(200, {}, self.document(id_).model_dump_json().encode())
        before = int(call.query.get("cursor", 1 << 60))
        ids = sorted((id_ for id_ in self.ends if id_ < before), reverse=True)[: int(call.query["limit"])]
        more = str(ids[-1]) if ids[-1] > 1 else None
        page = Page[RequestDocument](items=tuple(map(self.document, ids)), next_cursor=more)
        return Answer(200, {}, page.model_dump_json().encode())

    def document(self, id_: int) -> RequestDocument:
        ended = self.now_s >= self.ends[id_]
        return RequestDocument.model_validate(
            {
                "id": id_,
                "project": "default",
                "label": None,
                "artifact": "0" * 64,
                "name": "n",
                "target": "t",
                "spec": {},
                "state": RequestState.CANCELLED if ended else RequestState.WAITING,
                "created_at": "2026-01-01T00:00:00Z",
            }
        )


def test_waiting_tells_each_request_once_and_all() -> None:
    service = Service(40)
    ended = service.stream(wait(range(1, 41)))
    assert sorted(document.id for document in ended) == list(range(1, 41))


def test_waiting_for_many_that_have_ended_takes_few_calls() -> None:
    service = Service(3000)
    service.now_s += 5000
    assert len(service.stream(wait(range(1, 3001)))) == 3000
    assert len(service.sent) <= 5


def test_waiting_ends_in_time_and_says_what_is_open() -> None:
    service = Service(40)
    began_s = service.now_s
    with pytest.raises(StillWaitingError) as caught:
        service.stream(wait(range(1, 41), timeout_s=10.0))
    assert set(caught.value.request_ids) <= set(range(9, 41))
    assert 40 in caught.value.request_ids
    assert service.now_s - began_s < 12


def test_what_is_waited_for_is_told_of_soon() -> None:
    service = Service(5)
    told: list[RequestDocument] = []
    assert len(service.stream(wait([5], note=told.append))) == 1
    assert [(document.id, document.state) for document in told] == [(5, RequestState.WAITING)]


def test_one_request_is_polled_without_the_list() -> None:
    service = Service(1)
    assert len(service.stream(wait([1]))) == 1
    assert all(send.call.path == "/v1/requests/1" for send in service.sent)
