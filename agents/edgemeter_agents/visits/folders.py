"""A child's own copies of the files it works on: each alone in its folder, out of reach of every other."""

import stat
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
        jobs = tuple(_moved(job, folder, number) for number, job in enumerate(spec.jobs))
        yield replace(spec, jobs=jobs), folder


def take_exports(asked: VisitSpec, moved: VisitSpec) -> None:
    """Brings what a child has left for later ones to where it was asked to be. The child has ended."""
    for job, own in zip(asked.jobs, moved.jobs, strict=True):
        if job.exports and own.exports and _is_plain_file(Path(own.exports)):
            Path(own.exports).replace(job.exports)


def _moved(job: Job, root: Path, number: int) -> Job:
    folder = root / str(number)
    folder.mkdir()
    inputs = None if job.inputs is None else str(private_copy(Path(job.inputs), folder, name="inputs"))
    # In the folder that no child can replace by a link to another.
    exports = None if job.exports is None else str(root / f"exported-{number}")
    return replace(job, file=str(private_copy(Path(job.file), folder)), inputs=inputs, exports=exports)


def _is_plain_file(path: Path) -> bool:
    try:
        facts = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1
