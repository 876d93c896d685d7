from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from edgemeter.spaces import registry
from edgemeter.spaces.hurricane import Hurricane
from edgemeter.spaces.registry import UnknownSpaceError, find_space, space_names
from edgemeter.spaces.subset import Subset
from edgemeter.spaces.subset_files import write_subset


def test_every_space_of_ours_is_found_by_its_name() -> None:
    ours = {"hsconas", "hsconas-b", "hurricane", "multihw", "nasbench201", "references", "spos"}
    assert ours <= set(space_names())
    assert all(find_space(name).name == name for name in ours)
    assert find_space("spos") is find_space("spos")


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownSpaceError, match="did you mean hurricane"):
        find_space("huricane")
    with pytest.raises(UnknownSpaceError, match="there are hsconas, "):
        find_space("?")


def test_a_name_is_never_a_path(tmp_path: Path) -> None:
    # Names come from other people's requests.
    file = tmp_path / "few.json"
    write_subset(Subset(Hurricane(), "few", {"layer1": ["SEP_3"]}), file)
    with pytest.raises(UnknownSpaceError):
        find_space(str(file))


def test_an_entry_point_makes_a_space_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("misnamed", "edgemeter.spaces.hurricane:Hurricane", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda **_group: (point,))
    with pytest.raises(UnknownSpaceError, match="does not make a space of that name"):
        find_space("misnamed")
