"""What a survey of many small networks costs beyond running them: 64 networks of about 1 ms, one batch."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.networks import Recipe, build
from benchmarks.report import Figure, at_most, main, reported
from edgemeter.isolation import Confinement
from edgemeter.protocols import SURVEY
from edgemeter_agents.batches.lab import Lab, Nurseries
from edgemeter_agents.runtimes.base import Settings
from edgemeter_agents.visits.messages import Job, Measured, VisitSpec
from edgemeter_agents.visits.runner import JobLimits, run_visit

NETWORKS = 64
ONE_MILLISECOND = Recipe(width=32, size=112, blocks=5)


def visits(files: Sequence[Path]) -> tuple[float, list[Measured]]:
    """Wall time in ms of a survey's three visits, process starts included, and what they said."""
    cpus = Lab.of_this_machine().cpus(1).cpus
    jobs = tuple(Job(str(number), str(file), {}) for number, file in enumerate(files))
    ids = frozenset(job.id for job in jobs)
    said: list[Measured] = []
    began = time.perf_counter()
    with Nurseries(SURVEY) as nurseries:
        for number in range(SURVEY.visits):
            spec = VisitSpec(
                runtime="onnxruntime",
                settings=Settings(cpus=cpus),
                protocol=SURVEY,
                jobs=jobs,
                priority="normal",
                seed=0,
                facts_of=ids if number == 0 else frozenset(),
            )
            with nurseries.of("onnxruntime") as nursery:
                outcome = run_visit(nursery, spec, Confinement(cpus=cpus), JobLimits(), lambda _: None)
            said += [result for result in outcome.results if isinstance(result, Measured)]
    return (time.perf_counter() - began) * 1e3, said


def started_ms(files: Sequence[Path]) -> float:
    """Wall time in ms of starting the nursery and a child for each visit, which measures nothing."""
    total_ms, _ = visits(files)
    return total_ms


def run_ms(result: Measured) -> float:
    """All runs of one visit: first inference, warm-up and samples."""
    block = result.block
    warm_up_ns = sum(sample.wall_ns for sample in block.warmup)
    return (block.first_ns + warm_up_ns + sum(sample.wall_ns for sample in block.samples)) / 1e6


def run() -> Sequence[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [build(ONE_MILLISECOND, folder, seed) for seed in range(NETWORKS)]
        total_ms, said = visits(files)
        start_ms = started_ms([])
    if len(said) != NETWORKS * SURVEY.visits:
        raise SystemExit("a network could not be measured")
    beyond_ms = total_ms - sum(map(run_ms, said))
    sessions_ms = sum((result.prepare_ms or 0.0) + result.facts_ms for result in said)
    mean_ms = sum(map(run_ms, said)) / NETWORKS
    title = f"survey of {NETWORKS} networks: "
    return [
        reported(title + "all runs, warm-up included, per network", mean_ms, " ms"),
        reported(title + "beyond the runs, per network", beyond_ms / NETWORKS, " ms"),
        reported(title + "process start, per network", start_ms / NETWORKS, " ms"),
        reported(title + "sessions and their facts, per network", sessions_ms / NETWORKS, " ms"),
        at_most(
            title + "beyond the runs, start and sessions, per network",
            (beyond_ms - start_ms - sessions_ms) / NETWORKS,
            10,
            " ms",
        ),
    ]


if __name__ == "__main__":
    main(run)
