"""Has the networks of recipes built by the worker, and takes them into the cache."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgemeter.failures import Failure, FailureError
from edgemeter.wire.agents import Lease
from edgemeter.wire.artifacts import ArtifactReference
from edgemeter_agents.daemon.cache import Cache
from edgemeter_agents.daemon.worker_messages import BuildNetworks, BuiltNetwork, RecipeJob
from edgemeter_agents.daemon.workers import Worker

#: Building one network, at most; a lease is renewed meanwhile.
BUILD_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A file in the cache that was checked to be `sha256`; `own`: this agent has built it."""

    path: Path
    sha256: str
    own: bool = False


@dataclass(slots=True)
class Part:
    """What became of some leases, by attempt; those in neither have to wait until the cache has room."""

    files: dict[int, NetworkFile] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)


class Building:
    """`folder` is the worker's own, on the file system of the cache."""

    def __init__(self, worker: Worker, cache: Cache, folder: Path) -> None:
        self._worker = worker
        self._cache = cache
        self._folder = folder

    async def build(self, leases: Sequence[Lease], needed: Collection[str]) -> Part:
        """The files of leases that have recipes, as many as the cache has room for, but one at least.

        Raises WorkerError.
        """
        part = Part()
        for lease in leases:
            if (found := await asyncio.to_thread(self._find, lease)) is not None:
                part.files[lease.attempt_id] = found
        missing = {lease.attempt_id: lease for lease in leases if lease.attempt_id not in part.files}
        jobs = tuple(
            RecipeJob(attempt_id=id_, recipe=lease.recipe.recipe)
            for id_, lease in missing.items()
            if lease.recipe is not None
        )
        if jobs:
            order = BuildNetworks(
                folder=str(self._folder), most_bytes=self._cache.limit_bytes // 2, jobs=jobs
            )
            built = await self._worker.build(order, BUILD_TIMEOUT_S)
            part.failures |= {
                each.attempt_id: Failure(each.failure.kind, each.failure.message) for each in built.failures
            }
            await asyncio.to_thread(self._adopt, built.networks, missing, part, set(needed))
        return part

    def _find(self, lease: Lease) -> NetworkFile | None:
        if lease.recipe is None or lease.recipe.file_sha256 is None:
            return None
        path = self._cache.find(_reference(lease, lease.recipe.file_sha256, 0))
        return None if path is None else NetworkFile(path, lease.recipe.file_sha256, own=True)

    def _adopt(
        self,
        networks: Sequence[BuiltNetwork],
        leases: Mapping[int, Lease],
        part: Part,
        needed: set[str],
    ) -> None:
        needed |= {file.sha256 for file in part.files.values()}
        for network in networks:
            reference = _reference(leases[network.attempt_id], network.sha256, network.size_bytes)
            try:
                path = self._cache.adopt(Path(network.file), reference, needed)
            except FailureError as error:
                part.failures[network.attempt_id] = error.failure
                continue
            needed.add(network.sha256)
            part.files[network.attempt_id] = NetworkFile(path, network.sha256, own=True)


def _reference(lease: Lease, sha256: str, size_bytes: int) -> ArtifactReference:
    return lease.artifact.model_copy(update={"sha256": sha256, "size_bytes": size_bytes})
