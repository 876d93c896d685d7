"""The parent reads what hostile children write, and stays itself."""

import struct
from dataclasses import replace
from typing import Any

import pytest

from edgemeter.isolation import EndedError, Ending, Limits, Nursery
from edgemeter.isolation.frames import FrameKind
from edgemeter.isolation.limits import MIB

LIMITS = Limits(wall_s=20, message_bytes=4 * MIB, total_bytes=8 * MIB)


def frame(kind: int, body: bytes) -> str:
    return (struct.pack("!BI", kind, len(body)) + body).hex()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(frame(9, b"1"), id="unknown kind"),
        pytest.param(frame(FrameKind.MESSAGE, b"{"), id="broken JSON"),
        pytest.param(frame(FrameKind.MESSAGE, b""), id="no JSON"),
        pytest.param(frame(FrameKind.MESSAGE, b"\xff\xfe"), id="no text"),
        pytest.param(frame(FrameKind.MESSAGE, b"1 2"), id="two values"),
        pytest.param("ff" * 300, id="noise"),
    ],
)
def test_garbage_ends_the_child(nursery: Nursery, data: str) -> None:
    with nursery.start("hostile:raw_bytes", {"hex": data, "stay": True}, LIMITS) as child:
        assert child.receive() == "first"
        with pytest.raises(EndedError):
            child.receive()
        outcome = child.wait()
    assert outcome.ending is Ending.GARBLED
    assert outcome.failure() is not None


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", '"\\ud800"', "9" * 5000])
def test_what_is_not_quite_json(nursery: Nursery, text: str) -> None:
    with nursery.start("hostile:framed", text, LIMITS) as child:
        assert list(child.messages()) == []
        assert child.wait().ending is Ending.GARBLED


def test_a_task_cannot_send_what_is_no_json(nursery: Nursery) -> None:
    with nursery.start("hostile:send_nan", None, LIMITS) as child:
        failure = child.wait().failure()
    assert failure is not None
    assert "ValueError" in failure.message


def test_json_nested_without_end(nursery: Nursery) -> None:
    with nursery.start("hostile:deep_json", 1_000_000, LIMITS) as child:
        assert child.wait().ending is Ending.GARBLED


def test_a_message_announced_as_huge(nursery: Nursery) -> None:
    with nursery.start("hostile:huge_length", None, LIMITS) as child:
        assert child.wait().ending is Ending.GARBLED


def test_messages_without_end(nursery: Nursery) -> None:
    with nursery.start("hostile:endless", None, LIMITS) as child:
        assert child.wait().ending is Ending.GARBLED


def test_a_task_that_talks_to_nobody_stops_at_its_limit(nursery: Nursery) -> None:
    with nursery.start("hostile:endless", None, replace(LIMITS, wall_s=0.3)) as child:
        # Nothing is read here; the supervisor ends the child all the same.
        assert child._control.recv(1 << 16)


def test_a_message_cut_short_by_the_end(nursery: Nursery) -> None:
    with nursery.start("hostile:raw_bytes", {"hex": "0200", "stay": False}, LIMITS) as child:
        assert list(child.messages()) == ["first"]
        assert child.wait().ending is Ending.GARBLED


def test_a_closed_channel(nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgemeter.isolation.child._GRACE_S", 0.1)
    with nursery.start("hostile:close_channel_and_stay", None, LIMITS) as child:
        with pytest.raises(EndedError):
            child.receive()
        assert child.wait().ending is Ending.GARBLED


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FrameKind.CONFINED, {"user": "unprivileged", "degraded": []}),
        (
            FrameKind.RAISED,
            {"kind": "no such kind", "message": "m", "operator_name": None, "operator_type": None},
        ),
        (FrameKind.RAISED, {"kind": "timeout"}),
        (FrameKind.RAISED, [1, 2]),
    ],
)
def test_forged_frames(nursery: Nursery, kind: FrameKind, value: Any) -> None:
    with nursery.start("hostile:forge", {"kind": kind, "value": value}, LIMITS) as child:
        achieved = child.achieved
        assert child.wait().ending is Ending.GARBLED
        assert child.achieved == achieved


def test_messages_keep_their_order_and_size(nursery: Nursery) -> None:
    sent = ["x" * length for length in (0, 1, 70_000, 3_000_000, 5)]
    with nursery.start("hostile:send_all", sent, replace(LIMITS, total_bytes=64 * MIB)) as child:
        assert list(child.messages(20)) == sent
