"""What software measured: versions, the engine's binary, and the settings that change its threads."""

import hashlib
import os
import platform
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from itertools import pairwise
from pathlib import Path

from edgemeter_agents.conditions.roots import Roots, read_text

#: Variables that change how engines and their math libraries use processors and memory.
RELEVANT_VARIABLES = re.compile(
    r"(OMP|KMP|GOMP|MKL|OPENBLAS|BLIS|VECLIB|NUMEXPR|ONEDNN|DNNL|TBB)_[A-Z_]+|MALLOC_[A-Z_]+|LD_PRELOAD"
)
_SHARED_LIBRARY = re.compile(r".+\.(so(\.[0-9.]+)?|pyd|dll|dylib)")
_READS = 1000


@dataclass(frozen=True, slots=True)
class Engine:
    """An installed distribution. `binaries_sha256` is of all its shared libraries together, whichever
    of them holds the kernels: equal versions are not always equal builds.
    """

    distribution: str
    version: str
    binaries: int
    binaries_sha256: str


@dataclass(frozen=True, slots=True)
class Timer:
    """`step_ns` is the smallest difference seen between two readings: less cannot be told apart."""

    clock: str
    source: str | None
    resolution_ns: float
    step_ns: int


def read_engine(name: str) -> Engine | None:
    """The facts of an installed distribution such as "onnxruntime", None where it is not installed."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    files = sorted(str(file) for file in found.files or () if _SHARED_LIBRARY.fullmatch(file.name))
    libraries = {file: path for file in files if (path := Path(str(found.locate_file(file)))).is_file()}
    lines = "".join(f"{file_sha256(path)}  {file}\n" for file, path in libraries.items())
    return Engine(name, found.version, len(libraries), hashlib.sha256(lines.encode()).hexdigest())


def file_sha256(path: Path) -> str:
    """Read once for each path, size and time of change: engines are hundreds of megabytes."""
    facts = path.stat()
    return _sha256(path, facts.st_size, facts.st_mtime_ns)


def read_timer(roots: Roots) -> Timer:
    source = roots.sys / "devices" / "system" / "clocksource" / "clocksource0" / "current_clocksource"
    readings = [time.monotonic_ns() for _ in range(_READS)]
    steps = (later - earlier for earlier, later in pairwise(readings))
    info = time.get_clock_info("monotonic")
    return Timer(
        clock=info.implementation,
        source=read_text(source) or None,
        resolution_ns=info.resolution * 1e9,
        step_ns=min((step for step in steps if step > 0), default=0),
    )


def python_version() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


def libc_version() -> str:
    return " ".join(platform.libc_ver()).strip()


def relevant_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that change thread use, without the paths of this machine."""
    names = sorted(name for name in environment if RELEVANT_VARIABLES.fullmatch(name))
    return {name: _without_folders(environment[name]) for name in names}


def given_options(arguments: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Names of the options of the command line. Values are left out: they may be secrets or paths."""
    words = tuple(sys.argv[1:]) if arguments is None else arguments
    found = (re.match(r"--[a-z][a-z0-9-]*", word, re.ASCII) for word in words)
    return tuple(match[0] for match in found if match)


def _without_folders(value: str) -> str:
    return re.sub(r"[^\s:,;=]*/", "", value)


@lru_cache(maxsize=64)
def _sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
