"""Files that this agent builds: taken into the cache within its bound, as many as there is room for."""

import hashlib
from pathlib import Path

import pytest

from edgemeter.failures import FailureKind
from edgemeter.targets import Precision
from edgemeter.wire.agents import Lease
from edgemeter.wire.artifacts import ArtifactReference
from edgemeter.wire.recipes import LeasedRecipe, Recipe, RecipeKind
from edgemeter.wire.specs import JobSpec
from edgemeter_agents.daemon.building import Building
from edgemeter_agents.daemon.cache import Cache
from edgemeter_agents.daemon.recipes import build_networks, buildable
from edgemeter_agents.daemon.worker_messages import BuildNetworks, Built, RecipeJob

SIZE = 40


class FakeWorker:
    """Writes files of SIZE bytes in the worker's stead, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[BuildNetworks] = []

    async def build(self, request: BuildNetworks, _patience_s: float) -> Built:
        self.asked.append(request)
        networks = []
        for job in request.jobs:
            if networks and len(networks) * SIZE > request.most_bytes:
                break
            content = job.recipe.text.encode().ljust(SIZE, b"_")
            path = Path(request.folder) / f"built-{job.attempt_id}"
            path.write_bytes(content)
            networks.append(
                {
                    "attempt_id": job.attempt_id,
                    "file": str(path),
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "size_bytes": SIZE,
                }
            )
        return Built.model_validate({"networks": networks, "failures": []})


def recipe(text: str, **changes: object) -> Recipe:
    named = {"space": "hurricane", "version": 1, "kind": RecipeKind.OPERATOR, "format": "onnx"}
    return Recipe.model_validate({**named, "text": text, "precision": Precision.FP32, **changes})


def lease(attempt_id: int, text: str, file_sha256: str | None = None) -> Lease:
    wanted = recipe(text)
    return Lease(
        attempt_id=attempt_id,
        secret=f"{attempt_id:043d}",
        job_id=attempt_id,
        number=1,
        target="t",
        artifact=ArtifactReference(sha256=wanted.sha256(), size_bytes=0, format="onnx", name=text),
        recipe=LeasedRecipe(recipe=wanted, file_sha256=file_sha256),
        spec=JobSpec(),
        protocol_digest="",
    )


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


@pytest.fixture
def building(worker: FakeWorker, tmp_path: Path) -> Building:
    folder = tmp_path / "work"
    folder.mkdir()
    return Building(worker, Cache(tmp_path / "cache", 4 * SIZE), folder)  # type: ignore[arg-type]


async def test_what_was_built_before_is_not_built_again(building: Building, worker: FakeWorker) -> None:
    first = await building.build([lease(1, "a")], ())
    known = first.files[1]
    assert hashlib.sha256(known.path.read_bytes()).hexdigest() == known.sha256
    again = await building.build([lease(2, "a", known.sha256), lease(3, "b")], ())
    assert again.files[2] == known
    assert [job.attempt_id for job in worker.asked[-1].jobs] == [3]


async def test_only_what_has_room_is_built_and_the_rest_later(building: Building, tmp_path: Path) -> None:
    leases = [lease(number, str(number)) for number in range(1, 10)]
    done: set[int] = set()
    while left := [each for each in leases if each.attempt_id not in done]:
        part = await building.build(left, ())
        assert part.files
        assert not part.failures
        assert all(file.path.exists() for file in part.files.values())
        done |= set(part.files)
        assert sum(path.stat().st_size for path in (tmp_path / "cache").iterdir()) <= 4 * SIZE
    assert list((tmp_path / "work").iterdir()) == []


def test_the_worker_builds_files_and_tells_what_cannot_be_built(tmp_path: Path) -> None:
    texts = ("MB_3_1|112x112x16->64|s2", "nonsense")
    jobs = [RecipeJob(attempt_id=number, recipe=recipe(text)) for number, text in enumerate(texts)]
    newer = RecipeJob(attempt_id=2, recipe=recipe(texts[0], version=99))
    order = BuildNetworks(folder=str(tmp_path), most_bytes=1 << 30, jobs=(*jobs, newer))
    built = build_networks(order)
    [network] = built.networks
    content = Path(network.file).read_bytes()
    assert (network.attempt_id, network.size_bytes) == (0, len(content))
    assert network.sha256 == hashlib.sha256(content).hexdigest()
    assert [failed.attempt_id for failed in built.failures] == [1, 2]
    assert {failed.failure.kind for failed in built.failures} == {FailureKind.INTERNAL}
    assert "upgrade" in built.failures[1].failure.message


def test_what_is_installed_can_be_built() -> None:
    assert "hurricane/1" in buildable()
