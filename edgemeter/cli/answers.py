"""Requests and their answers on stdout, and waiting for them with progress on stderr."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from edgemeter.cli.exits import Exit
from edgemeter.cli.output import Progress, data_console, note_console, progress
from edgemeter.cli.tables import dumped, print_document, print_listing
from edgemeter.cli.text import milliseconds, plain, printable
from edgemeter.client.answers import doubts
from edgemeter.client.waiting import ENDED
from edgemeter.wire.requests import RequestDocument, RequestState

if TYPE_CHECKING:
    from edgemeter.client import Client

_COLUMNS = ("request#", "network", "target", "state", "latency ms#", "90 % interval#", "how")
_TEXT_SIGNS = 400
_NAME_SIGNS = 48  #: an architecture of twenty layers would take three lines; `--json` has all


def print_answers(answers: Sequence[RequestDocument], *, as_json: bool) -> None:
    if as_json:
        print_document("requests", {"requests": dumped(answers)})
        return
    none = "No requests. `edgemeter submit FILE --target TARGET` asks for a measurement."
    print_listing(_COLUMNS, map(_row, answers), none)
    for answer in answers:
        if told := doubts(answer):
            data_console().print(f"[dim]{answer.id}: {plain(told, _TEXT_SIGNS)}[/]")


def exit_code(answers: Iterable[RequestDocument]) -> Exit:
    """Cancelled ones count as not measured, those that still wait do not."""
    failed = {RequestState.FAILED, RequestState.CANCELLED}
    return Exit.FAILED if any(answer.state in failed for answer in answers) else Exit.OK


def wait_for(
    client: "Client", asked: Sequence[RequestDocument], timeout_s: float | None
) -> list[RequestDocument]:
    """The same requests, ended. Whoever interrupts is told how to go on."""
    known = {answer.id: answer for answer in asked}
    waiting = [answer.id for answer in asked if answer.state not in ENDED]
    try:
        with progress() as bar:
            bar.total(len(waiting))
            for ended in client.wait(waiting, timeout_s=timeout_s, note=_noting(bar)):
                known[ended.id] = ended
                bar.step(_line(ended))
    except KeyboardInterrupt:
        left = [str(id_) for id_ in waiting if known[id_].state not in ENDED]
        sys.stderr.write(f"The measurements go on. To wait again: edgemeter jobs wait {' '.join(left)}\n")
        raise
    return [known[answer.id] for answer in asked]


def _noting(bar: Progress) -> Callable[[RequestDocument], None]:
    """Tells each request's state once."""
    told: set[tuple[int, RequestState]] = set()

    def note(request: RequestDocument) -> None:
        if (request.id, request.state) not in told:
            told.add((request.id, request.state))
            ahead = f", {request.ahead} ahead of it" if request.ahead else ""
            bar.note(f"{_line(request)}{ahead}")

    return note


def note_waiting(answers: Iterable[RequestDocument]) -> None:
    waiting = [answer for answer in answers if answer.state not in ENDED]
    if waiting:
        ids = " ".join(str(answer.id) for answer in waiting[:20])
        note_console().print(f"[dim]To see the answers: edgemeter jobs wait {ids}[/]")


def _line(answer: RequestDocument) -> str:
    value = "" if answer.estimate is None else f" {milliseconds(answer.estimate.latency_ms)} ms"
    name = printable(answer.name, _NAME_SIGNS)
    return printable(f"{name} on {answer.target}: {answer.state}{value}", _TEXT_SIGNS)


def _row(answer: RequestDocument) -> tuple[object, ...]:
    estimate, name = answer.estimate, printable(answer.name, _NAME_SIGNS)
    if estimate is None:
        state = answer.failure.kind if answer.failure else answer.state
        return answer.id, name, answer.target, state, "", "", ""
    low, high = estimate.interval.low_ms, estimate.interval.high_ms
    value = milliseconds(estimate.latency_ms) + ("" if estimate.validity.valid else " !")
    interval = f"{milliseconds(low)} .. {milliseconds(high)}"
    return answer.id, name, answer.target, answer.state, value, interval, estimate.how
