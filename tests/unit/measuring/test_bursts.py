import pytest

from edgemeter_agents.measuring.bursts import Bursts, RestDebt


@pytest.fixture
def device(simulated):
    return simulated.Device(jitter=0, read_cost_ns=0)


def rests(device):
    return [end - begin for kind, _, begin, end in device.log if kind == "sleep"]


def test_it_rests_as_long_as_it_ran(device):
    run = device.network(100, cold_runs=0)
    with Bursts(device, device, 0.35, RestDebt()) as bursts:
        for _ in range(7):
            bursts.make_room(100e6)
            run()
    assert rests(device) == pytest.approx([300e6, 300e6])
    assert not device.realtime


def test_sleeping_happens_at_normal_priority(device):
    run = device.network(200, cold_runs=0)
    with Bursts(device, device, 0.35, RestDebt()) as bursts:
        for _ in range(3):
            bursts.make_room(200e6)
            run()
    assert all(realtime is (kind == "run") for kind, realtime, _, _ in device.log)


def test_blocks_that_share_a_debt_share_a_rest(device):
    run, debt = device.network(100, cold_runs=0), RestDebt()
    for _ in range(4):
        with Bursts(device, device, 0.35, debt) as bursts:
            bursts.make_room(100e6)
            run()
    assert rests(device) == pytest.approx([300e6])
    debt.settle(device)
    assert rests(device) == pytest.approx([300e6, 100e6])


def test_time_between_blocks_counts_as_rest(device):
    run, debt = device.network(300, cold_runs=0), RestDebt()
    for _ in range(2):
        with Bursts(device, device, 0.35, debt) as bursts:
            bursts.make_room(300e6)
            run()
        device.log.clear()
        device.network(250, cold_runs=0)()  # say, the next session is prepared
    debt.settle(device)
    assert rests(device) == pytest.approx([100e6])


def test_a_failing_network_leaves_real_time(device):
    def fail():
        raise RuntimeError

    with pytest.raises(RuntimeError), Bursts(device, device, 0.35, RestDebt()):
        fail()
    assert not device.realtime
