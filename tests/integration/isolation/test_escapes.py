"""Attempts to get out of a child, each of which succeeds without the layers and fails with them."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgemeter.isolation import Achieved, Confinement, Limits, Nursery

FILES = (
    "read_neighbour",
    "read_through_proc_root",
    "read_by_relative_path",
    "list_neighbours",
    "read_host_secrets",
    "read_command_line_of_caller",
    "overwrite_neighbour",
    "truncate_neighbour",
    "delete_neighbour",
    "hard_link_neighbour",
    "symlink_to_neighbour",
    "move_out",
    "create_outside",
    "create_in_shared_memory",
    "make_fifo",
    "run_a_program",
    "become_a_program",
)
NETWORK = ("tcp", "udp", "listen", "abstract_unix")
PROCESS = (
    "chmod_neighbour",
    "touch_neighbour",
    "fork",
    "signal_caller",
    "signal_everybody",
    "signal_supervisor",
    "signal_by_descriptor",
    "limit_caller",
    "outlive_parent",
    "unix",
    "netlink",
    "anonymous_file",
    "shared_memory",
)
# Refused for want of privileges, whatever else there is.
ALWAYS = (
    "make_device",
    "raw_packets",
    "mount",
    "change_root",
    "raise_limits",
    "raise_priority",
    "become_root",
)
# May be refused by the system for reasons of its own, so without a counter-proof.
UNPROVEN = (
    "read_environment_of_caller",
    "read_memory_of_caller",
    "trace_caller",
    "slow_caller_down",
    "new_user_namespace",
    "io_uring",
    "load_into_kernel",
    "kernel_keys",
)


@pytest.fixture
def commons() -> Iterator[Path]:
    """A folder that every user may enter, so that nothing but the layers protects what is in it."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o777)
        yield Path(made)


@pytest.fixture
def outside(commons: Path) -> Iterator[dict[str, Any]]:
    """What there is to be reached: a neighbouring file and four kinds of listener."""
    neighbour = commons / "neighbour.onnx"
    neighbour.write_bytes(b"somebody else's network")
    neighbour.chmod(0o666)
    abstract = f"\0edgemeter-{os.getpid()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_UNIX) as hidden,
    ):
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(commons / "socket"))
        hidden.bind(abstract)
        unix.listen()
        hidden.listen()
        yield {
            "neighbour": str(neighbour),
            "caller": os.getpid(),
            "tcp_port": tcp.getsockname()[1],
            "udp_port": udp.getsockname()[1],
            "unix": str(commons / "socket"),
            "abstract": abstract,
        }


@pytest.fixture
def folder(commons: Path) -> Path:
    private = commons / "private"
    private.mkdir(mode=0o700)
    return private


def attempt(
    nursery: Nursery, name: str, outside: dict[str, Any], confinement: Confinement, processes: int = 1
) -> tuple[bool, Achieved]:
    """Whether the attempt was refused, and the confinement that it met."""
    limits = Limits(wall_s=30, processes=processes)
    with nursery.start("escapes:run", {"attempt": name, **outside}, limits, confinement) as child:
        answers = list(child.messages())
        achieved = child.achieved
    return bool(answers) and "refused" in answers[0], achieved


@pytest.mark.parametrize("name", [*FILES, *NETWORK, *PROCESS, *ALWAYS, *UNPROVEN])
def test_refused(nursery: Nursery, name: str, outside: dict[str, Any], folder: Path) -> None:
    refused, achieved = attempt(nursery, name, outside, Confinement(folder=folder))
    missing = {
        FILES: achieved.filesystem == "none",
        NETWORK: achieved.network == "none",
        PROCESS: not achieved.seccomp,
        UNPROVEN: not achieved.seccomp,
        ALWAYS: False,
    }
    if any(name in names and absent for names, absent in missing.items()):
        pytest.skip(f"this system lacks the layer: {achieved.degraded}")
    assert refused
    assert Path(outside["neighbour"]).read_bytes() == b"somebody else's network"
    assert Path(outside["neighbour"]).stat().st_mode & 0o777 == 0o666


@pytest.mark.parametrize("name", [*FILES, *NETWORK, *PROCESS])
def test_the_attempt_succeeds_without_the_layers(
    nursery: Nursery, name: str, outside: dict[str, Any], folder: Path
) -> None:
    bare = Confinement(folder=folder, user=False, namespaces=False, landlock=False, seccomp=False)
    refused, _ = attempt(nursery, name, outside, bare, processes=5)
    assert not refused


@pytest.mark.parametrize("name", NETWORK)
@pytest.mark.parametrize("layer", ["namespaces", "seccomp"])
def test_each_network_layer_suffices_alone(
    nursery: Nursery, name: str, layer: str, outside: dict[str, Any], folder: Path
) -> None:
    alone = {"namespaces": False, "seccomp": False, layer: True}
    confinement = Confinement(folder=folder, landlock=False, **alone)
    refused, achieved = attempt(nursery, name, outside, confinement, processes=5)
    if achieved.network == "none":
        pytest.skip(f"this system lacks the layer: {achieved.degraded}")
    expected = {"namespaces": "namespace", "seccomp": "seccomp"}
    assert achieved.network == expected[layer]
    # A namespace has a loopback interface of its own; to listen there reaches nobody.
    assert refused or (layer, name) == ("namespaces", "listen")


def test_landlock_alone_keeps_signals_and_memory_apart(
    nursery: Nursery, outside: dict[str, Any], folder: Path
) -> None:
    confinement = Confinement(folder=folder, user=False, namespaces=False, seccomp=False)
    for name in ("signal_caller", "signal_supervisor", "trace_caller", "abstract_unix"):
        refused, achieved = attempt(nursery, name, outside, confinement)
        if achieved.landlock_abi < 6:
            pytest.skip("Landlock knows signals and abstract sockets since its version 6")
        assert refused, name


def test_the_private_folder_serves(nursery: Nursery, folder: Path) -> None:
    payload = {"path": str(folder / "note"), "mib": 1}
    with nursery.start("hostile:write_file", payload, confinement=Confinement(folder=folder)) as child:
        assert child.receive() == "written"


def test_a_readable_path_serves(nursery: Nursery, outside: dict[str, Any], folder: Path) -> None:
    confinement = Confinement(folder=folder, readable=(Path(outside["neighbour"]),))
    assert attempt(nursery, "read_neighbour", outside, confinement)[0] is False
    if attempt(nursery, "read_host_secrets", outside, confinement)[1].filesystem == "landlock":
        assert attempt(nursery, "overwrite_neighbour", outside, confinement)[0] is True


def test_programs_run_where_several_processes_are_allowed(
    nursery: Nursery, outside: dict[str, Any], folder: Path
) -> None:
    if shutil.which("true") is None:
        pytest.skip("no program to run")
    assert attempt(nursery, "run_a_program", outside, Confinement(folder=folder), processes=5)[0] is False
