"""The worker's part of building: from recipes to files, as many as there is room for."""

import hashlib
from pathlib import Path

from edgemeter.failures import FailureKind
from edgemeter.measurement import FailureDocument
from edgemeter_agents.daemon.worker_messages import BuildNetworks, Built, BuiltNetwork, NotBuilt, RecipeJob


def build_networks(request: BuildNetworks) -> Built:
    """Nothing is raised: what goes wrong is a failure of its job. What has no room is in neither list."""
    networks: list[BuiltNetwork] = []
    failures: list[NotBuilt] = []
    for job in request.jobs:
        if networks and sum(network.size_bytes for network in networks) > request.most_bytes:
            break
        try:
            networks.append(_build(job, Path(request.folder)))
        except Exception as error:  # noqa: BLE001  a code that breaks its builder ends this job, not the agent
            failures.append(NotBuilt(attempt_id=job.attempt_id, failure=_failure(error)))
    return Built(networks=tuple(networks), failures=tuple(failures))


def buildable() -> tuple[str, ...]:
    """The spaces whose recipes can be built here; none where what builds them is not installed."""
    try:
        from edgemeter.networks import writing  # noqa: F401
        from edgemeter.spaces.registry import find_space, space_names
    except ImportError:
        return ()
    found = []
    for name in space_names():
        try:
            found.append(f"{name}/{find_space(name).version}")
        except Exception:  # noqa: BLE001, S112  a broken package of somebody's spaces is not offered
            continue
    return tuple(found)


def _build(job: RecipeJob, folder: Path) -> BuiltNetwork:
    from edgemeter.spaces.recipes import build

    content = build(job.recipe)
    path = folder / f"built-{job.attempt_id}"
    path.write_bytes(content)
    return BuiltNetwork(
        attempt_id=job.attempt_id,
        file=str(path),
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
    )


def _failure(error: Exception) -> FailureDocument:
    from edgemeter.networks.writing import MissingExtraError
    from edgemeter.spaces.recipes import RecipeError

    match error:
        case MissingExtraError():
            return FailureDocument(kind=FailureKind.INTERNAL, message=str(error))
        case RecipeError():
            text = f"agent and server disagree on the space ({error}); upgrade the older one"
            return FailureDocument(kind=FailureKind.INTERNAL, message=text)
        case MemoryError():
            text = "the device has not the memory to build the network"
            return FailureDocument(kind=FailureKind.OUT_OF_MEMORY, message=text)
        case OSError():
            text = f"the device cannot store the network: {error.strerror}"
            return FailureDocument(kind=FailureKind.DEVICE_UNREADY, message=text)
        case _:
            text = f"a defect while the network was built: {type(error).__name__}"
            return FailureDocument(kind=FailureKind.INTERNAL, message=text)
