"""A nursery that finds the hostile tasks of this folder."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgemeter.isolation import Confinement, Nursery, attempt_folder

if sys.platform != "linux":
    pytest.skip("isolation works on Linux only", allow_module_level=True)


@pytest.fixture(scope="session")
def tasks_on_path() -> Iterator[Path]:
    """The folder whose modules the children can import; nurseries take over the import path."""
    folder = Path(__file__).parent / "tasks"
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def nursery(tasks_on_path: Path) -> Iterator[Nursery]:
    with Nursery(preload=("hostile", "escapes")) as shared:
        yield shared


@pytest.fixture
def private_folder() -> Iterator[Confinement]:
    with attempt_folder() as folder:
        yield Confinement(folder=folder)
