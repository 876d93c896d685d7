import pytest

from edgemeter_agents.conditions.permissions import Permission, Permissions
from edgemeter_agents.conditions.priority import LONGEST_FIFO_INFERENCE_S, choose_priority

YES, NO = Permission(True, ""), Permission(False, "refused", "a command")


def permissions(fifo: Permission, nice: Permission) -> Permissions:
    return Permissions(fifo=fifo, nice=nice, pinning=YES, counters=NO, schedstat=YES)


@pytest.mark.parametrize(
    ("fifo", "nice", "core_left", "inference_s", "chosen"),
    [
        (YES, YES, True, 0.001, "fifo"),
        (YES, NO, True, 0.399, "fifo"),
        (YES, YES, True, LONGEST_FIFO_INFERENCE_S, "nice"),  # real-time throttling would stall it
        (YES, YES, False, 0.001, "nice"),  # the agent would starve
        (NO, YES, True, 0.001, "nice"),
        (YES, NO, False, 0.001, "normal"),
        (NO, NO, True, 0.001, "normal"),
    ],
)
def test_rule_5(fifo: Permission, nice: Permission, core_left: bool, inference_s: float, chosen: str) -> None:
    assert choose_priority(permissions(fifo, nice), core_left, inference_s) == chosen
