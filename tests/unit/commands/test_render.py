"""Measurements as people read them."""

from edgemeter_agents.commands.render import _listed


def test_a_doubt_about_many_networks_is_told_at_a_few() -> None:
    assert _listed(["a", "b"]) == "a; b"
    assert _listed([str(n) for n in range(16)]) == "0; 1; 2; 3; and 12 more"
