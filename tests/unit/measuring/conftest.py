"""Gives the tests of measuring their simulated device."""

from types import ModuleType

import pytest

from . import simulation


@pytest.fixture(scope="session")
def simulated() -> ModuleType:
    """The module `simulation`: `Device` and its kinds of noise."""
    return simulation
