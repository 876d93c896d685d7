"""A child's own copies of the files it works on: each alone in its folder, out of reach of every other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from edgemeter.isolation import attempt_folder, private_copy
from edgemeter_agents.visits.messages import Job, VisitSpec


@contextmanager
def private_jobs(spec: VisitSpec) -> Iterator[tuple[VisitSpec, Path]]:
    """The spec with its files copied into a new private folder, and that folder, for one child.

    Copies, never the originals: a child may write into its folder, and engines read what an
    ONNX file names as external data from beside it. Raises FailureError (malformed) for what is not
    a regular file.
    """
    with attempt_folder() as folder:
        jobs = tuple(_moved(job, folder / str(number)) for number, job in enumerate(spec.jobs))
        yield replace(spec, jobs=jobs), folder


def _moved(job: Job, folder: Path) -> Job:
    folder.mkdir()
    inputs = None if job.inputs is None else str(private_copy(Path(job.inputs), folder, name="inputs"))
    return replace(job, file=str(private_copy(Path(job.file), folder)), inputs=inputs)
