"""Finds the runtimes that are registered under the entry point group `edgemeter.runtimes`."""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from edgemeter.failures import EdgeMeterError
from edgemeter_agents.runtimes.base import Runtime

GROUP = "edgemeter.runtimes"


class RuntimeRegistryError(EdgeMeterError):
    """A runtime is unknown, registered twice, or is not what it was registered as."""


class MissingEngineError(EdgeMeterError):
    """The engine of a runtime is not installed. The message holds the line that installs it."""


def registered() -> dict[str, Runtime]:
    """All registered runtimes by name, sorted; whether their engines are installed is not looked at.

    Importing an adapter imports nothing of its engine. Raises RuntimeRegistryError.
    """
    return {name: _made(entry) for name, entry in sorted(_by_name(entry_points(group=GROUP)).items())}


def resolve(name: str) -> Runtime:
    """The runtime registered as `name`, or the class `module:Class`. Raises RuntimeRegistryError."""
    if ":" in name:
        return _made(EntryPoint(name="", value=name, group=GROUP))
    entries = _by_name(entry_points(group=GROUP))
    if name not in entries:
        raise RuntimeRegistryError(f"there is no runtime {name!r}; there are: {', '.join(sorted(entries))}")
    return _made(entries[name])


def engine_version(runtime: Runtime) -> str:
    """Loads the engine and tells its version. Raises MissingEngineError."""
    try:
        return runtime.load()
    except ImportError:
        raise MissingEngineError(
            f"{runtime.name} is not installed; this installs it: pip install 'edgemeter[{runtime.extra}]'"
        ) from None


def _by_name(entries: Iterable[EntryPoint]) -> Mapping[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entries:
        # One distribution may be seen twice, for example installed and in the working directory.
        known = found.setdefault(entry.name, entry)
        if known.value != entry.value:
            raise RuntimeRegistryError(
                f"two packages register a runtime {entry.name!r}: {known.value} and {entry.value}; remove one"
            )
    return found


def _made(entry: EntryPoint) -> Runtime:
    try:
        runtime = entry.load()()
    except (ImportError, AttributeError) as error:
        raise RuntimeRegistryError(f"the runtime {entry.value} cannot be imported: {error}") from error
    if not isinstance(runtime, Runtime):
        raise RuntimeRegistryError(f"{entry.value} is not an edgemeter_agents.runtimes.base.Runtime")
    if entry.name not in ("", runtime.name):
        raise RuntimeRegistryError(
            f"{entry.value} is registered as {entry.name!r} but calls itself {runtime.name!r}"
        )
    return runtime
