"""Every registered space keeps the contract."""

import pytest

from edgemeter.spaces.registry import find_space, space_names
from edgemeter.spaces.space import Space
from edgemeter.spaces.testing import SpaceContract


@pytest.fixture(scope="class", params=space_names())
def registered(request: pytest.FixtureRequest) -> Space:
    return find_space(request.param)


class TestRegisteredSpaces(SpaceContract):
    @pytest.fixture
    def space(self, registered: Space) -> Space:
        return registered
