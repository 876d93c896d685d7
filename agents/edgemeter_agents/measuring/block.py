"""One timed block of one network: first inference, warm-up, samples."""

from collections.abc import Callable
from itertools import repeat

from edgemeter.protocols import MeasuringProtocol
from edgemeter_agents.measuring.bursts import Bursts, Pace, RestDebt, Unhurried
from edgemeter_agents.measuring.realtime import RealtimeSwitch
from edgemeter_agents.measuring.samples import Block, Clock, Sample
from edgemeter_agents.measuring.stopping import Stopping
from edgemeter_agents.measuring.warm_up import WarmUp

Run = Callable[[], object]

#: What a warm-up may take of a burst.
MOST_WARM_UP = 1 / 32


def measure_block(
    clock: Clock,
    run: Run,
    protocol: MeasuringProtocol,
    realtime: RealtimeSwitch | None = None,
    *,
    debt: RestDebt | None = None,
) -> Block:
    """Measures `run`, one invocation per call, on the calling thread (rules 1, 5 and 8).

    With `realtime`, everything after a probing second run happens in real-time bursts, provided
    that one inference fits into a burst; `Block.realtime` tells. Each burst is followed by
    an equal sleep, the last one too, unless the caller passes a `debt`: then the last rest stays owed
    there, for the next block of the same visit. Whatever `run` raises passes through, at normal priority.
    """
    first = take_sample(clock, run, 1)
    # Alone at normal priority: how long a burst would be is not known yet.
    probe = take_sample(clock, run, 1)
    if realtime is None or undisturbed_ns(probe) > protocol.burst_s * 1e9:
        return _measure(clock, run, protocol, Unhurried(), first, probe)
    shared = debt or RestDebt()
    block = _measure(clock, run, protocol, Bursts(clock, realtime, protocol.burst_s, shared), first, probe)
    if debt is None:
        shared.settle(clock)
    return block


def take_sample(clock: Clock, run: Run, runs: int) -> Sample:
    """Times `runs` invocations as one. The wall clock is read last before and first after them."""
    delay, cpu, wall = clock.delay_ns(), clock.cpu_ns(), clock.wall_ns()
    for _ in repeat(None, runs):
        run()
    wall = clock.wall_ns() - wall
    cpu = clock.cpu_ns() - cpu
    return Sample(wall, cpu, clock.delay_ns() - delay)


def undisturbed_ns(sample: Sample) -> int:
    """What a sample would have taken alone, never more than it took: a contended host must not
    keep a network from the priority that would help. CPU time bounds it from below,
    since delays of several threads add up."""
    return min(sample.wall_ns, max(sample.wall_ns - sample.delay_ns, sample.cpu_ns))


def _measure(
    clock: Clock, run: Run, protocol: MeasuringProtocol, pace: Pace, first: Sample, probe: Sample
) -> Block:
    warm_up, stopping = WarmUp(protocol), Stopping(protocol)
    warm_up.add(probe)
    if _warms_up_before(undisturbed_ns(probe), protocol):
        _warm(warm_up, clock, run, Unhurried())
    with pace:
        _warm(warm_up, clock, run, pace)
        warmed_up, runs = warm_up.complete, warm_up.runs_per_sample()
        expected_ns = undisturbed_ns(warm_up.samples[-1]) * runs
        rewarm = _rewarm_samples(expected_ns, protocol)
        while not stopping.finished:
            if pace.make_room(expected_ns):
                warm_up.samples += [take_sample(clock, run, runs).per_run(runs) for _ in repeat(None, rewarm)]
            sample = take_sample(clock, run, runs)
            stopping.add(sample)
            expected_ns = sample.wall_ns
    return Block(
        first_ns=first.wall_ns,
        warmup=tuple(warm_up.samples),
        samples=tuple(stopping.samples),
        runs_per_sample=runs,
        converged=stopping.converged,
        warmed_up=warmed_up,
        realtime=pace.realtime,
    )


def _warm(warm_up: WarmUp, clock: Clock, run: Run, pace: Pace) -> None:
    while not warm_up.finished:
        pace.make_room(undisturbed_ns(warm_up.samples[-1]) * warm_up.runs)
        warm_up.add(take_sample(clock, run, warm_up.runs))


def _warms_up_before(expected_ns: float, protocol: MeasuringProtocol) -> bool:
    """Whether it warms up at normal priority, before the first burst: networks whose warm-up would fill more
    of one than can be given away. In bursts each run costs its own time once more, in rests; before them it
    rests what is still owed. Caches that others use meanwhile are full again early in the first of several
    samples. Where steadiness is judged it warms up as the samples are taken.
    """
    warm_up_ns = protocol.warmup_runs * expected_ns
    return not protocol.warmup_window and warm_up_ns > MOST_WARM_UP * protocol.burst_s * 1e9


def _rewarm_samples(expected_ns: float, protocol: MeasuringProtocol) -> int:
    # A network that fills most of a burst by itself loses little to cold caches, and has no room for more.
    return min(protocol.rewarm_samples, int(protocol.burst_s * 1e9 / 4 / max(expected_ns, 1)))
