# ruff: noqa: PTH101, PTH104, PTH108, PTH208, PTH211, S103, S606
"""Ways out of a sandbox. Each function tries one and raises OSError when it is refused.

Each line is meant as the one system call that it is, hence os instead of pathlib.
"""

import ctypes
import os
import resource
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgemeter.isolation.kernel import calls

Attempt = Callable[[dict[str, Any]], object]
ATTEMPTS: dict[str, Attempt] = {}


def attempt(function: Attempt) -> Attempt:
    ATTEMPTS[function.__name__] = function
    return function


def run(payload: Any, send: Any) -> None:
    try:
        result = ATTEMPTS[payload["attempt"]](payload)
    except OSError as error:
        send({"refused": error.strerror})
    else:
        send({"done": repr(result)[:100]})


# Files. `neighbour` is a file of the parent's beside the private folder.


@attempt
def read_neighbour(p: dict[str, Any]) -> object:
    return Path(p["neighbour"]).read_bytes()


@attempt
def read_through_proc_root(p: dict[str, Any]) -> object:
    return Path("/proc/self/root" + p["neighbour"]).read_bytes()


@attempt
def read_by_relative_path(p: dict[str, Any]) -> object:
    return Path(os.path.relpath(p["neighbour"])).read_bytes()


@attempt
def list_neighbours(p: dict[str, Any]) -> object:
    return os.listdir(Path(p["neighbour"]).parent)


@attempt
def read_host_secrets(p: dict[str, Any]) -> object:
    return Path("/etc/passwd").read_bytes()


@attempt
def read_environment_of_caller(p: dict[str, Any]) -> object:
    return Path(f"/proc/{p['caller']}/environ").read_bytes()


@attempt
def read_memory_of_caller(p: dict[str, Any]) -> object:
    return os.open(f"/proc/{p['caller']}/mem", os.O_RDONLY)


@attempt
def read_command_line_of_caller(p: dict[str, Any]) -> object:
    return Path(f"/proc/{p['caller']}/cmdline").read_bytes()


@attempt
def overwrite_neighbour(p: dict[str, Any]) -> object:
    return os.open(p["neighbour"], os.O_WRONLY)


@attempt
def truncate_neighbour(p: dict[str, Any]) -> object:
    return os.truncate(p["neighbour"], 1)


@attempt
def delete_neighbour(p: dict[str, Any]) -> object:
    return os.unlink(p["neighbour"])


@attempt
def chmod_neighbour(p: dict[str, Any]) -> object:
    return os.chmod(p["neighbour"], 0o777)


@attempt
def touch_neighbour(p: dict[str, Any]) -> object:
    return os.utime(p["neighbour"], (0, 0))


@attempt
def hard_link_neighbour(p: dict[str, Any]) -> object:
    return os.link(p["neighbour"], "linked")


@attempt
def symlink_to_neighbour(p: dict[str, Any]) -> object:
    return os.symlink(p["neighbour"], "linked")


@attempt
def move_out(p: dict[str, Any]) -> object:
    Path("mine").write_text("x")
    return os.rename("mine", p["neighbour"] + ".moved")


@attempt
def create_outside(p: dict[str, Any]) -> object:
    return Path(p["neighbour"] + ".new").write_text("x")


@attempt
def create_in_shared_memory(p: dict[str, Any]) -> object:
    path = Path(f"/dev/shm/edgemeter-escape-{os.getpid()}")
    path.write_text("x")
    path.unlink()
    return path


@attempt
def make_fifo(p: dict[str, Any]) -> object:
    return os.mkfifo("fifo")


@attempt
def make_device(p: dict[str, Any]) -> object:
    return os.mknod("device", 0o020600, os.makedev(1, 3))


# Processes.


@attempt
def run_a_program(p: dict[str, Any]) -> object:
    return subprocess.run(["/bin/true"], check=True)


@attempt
def become_a_program(p: dict[str, Any]) -> object:
    return os.execv("/bin/true", ["true"])


@attempt
def fork(p: dict[str, Any]) -> object:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)


@attempt
def signal_caller(p: dict[str, Any]) -> object:
    return os.kill(p["caller"], 0)


@attempt
def signal_everybody(p: dict[str, Any]) -> object:
    return os.kill(-1, 0)


@attempt
def signal_supervisor(p: dict[str, Any]) -> object:
    return os.kill(os.getppid(), 0)


@attempt
def signal_by_descriptor(p: dict[str, Any]) -> object:
    return signal.pidfd_send_signal(os.pidfd_open(p["caller"]), 0)


@attempt
def trace_caller(p: dict[str, Any]) -> object:
    seize = 0x4206
    return calls.syscall(101 if os.uname().machine == "x86_64" else 117, seize, p["caller"], 0, 0)


@attempt
def limit_caller(p: dict[str, Any]) -> object:
    return resource.prlimit(p["caller"], resource.RLIMIT_NOFILE)


@attempt
def slow_caller_down(p: dict[str, Any]) -> object:
    return os.setpriority(os.PRIO_PROCESS, p["caller"], 19)


@attempt
def outlive_parent(p: dict[str, Any]) -> object:
    return calls.prctl(1, 0)


# Network.


@attempt
def tcp(p: dict[str, Any]) -> object:
    return socket.create_connection(("127.0.0.1", p["tcp_port"]), timeout=5)


@attempt
def udp(p: dict[str, Any]) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        return sender.sendto(b"x", ("127.0.0.1", p["udp_port"]))


@attempt
def listen(p: dict[str, Any]) -> object:
    return socket.create_server(("127.0.0.1", 0))


@attempt
def abstract_unix(p: dict[str, Any]) -> object:
    with socket.socket(socket.AF_UNIX) as sender:
        return sender.connect(p["abstract"])


@attempt
def unix(p: dict[str, Any]) -> object:
    with socket.socket(socket.AF_UNIX) as sender:
        return sender.connect(p["unix"])


@attempt
def netlink(p: dict[str, Any]) -> object:
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)


@attempt
def raw_packets(p: dict[str, Any]) -> object:
    return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)


@attempt
def io_uring(p: dict[str, Any]) -> object:
    return calls.syscall(425, 4, ctypes.create_string_buffer(120))


# Privileges and memory out of sight.


@attempt
def become_root(p: dict[str, Any]) -> object:
    os.setresuid(0, 0, 0)
    return Path("/proc/1/environ").read_bytes()


@attempt
def new_user_namespace(p: dict[str, Any]) -> object:
    return calls.unshare(calls.CLONE_NEWUSER)


@attempt
def mount(p: dict[str, Any]) -> object:
    number = 165 if os.uname().machine == "x86_64" else 40
    words = (ctypes.c_char_p(text) for text in (b"none", b"/proc", b"tmpfs"))
    return calls.syscall(number, *words, 0, None)


@attempt
def change_root(p: dict[str, Any]) -> object:
    return os.chroot("/")


@attempt
def raise_limits(p: dict[str, Any]) -> object:
    try:
        return resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 16, 1 << 16))
    except ValueError as error:
        raise PermissionError(1, str(error)) from error


@attempt
def raise_priority(p: dict[str, Any]) -> object:
    return os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))


@attempt
def anonymous_file(p: dict[str, Any]) -> object:
    return os.memfd_create("x")


@attempt
def shared_memory(p: dict[str, Any]) -> object:
    return calls.syscall(29 if os.uname().machine == "x86_64" else 194, 0, 4096, 0o1600)


@attempt
def load_into_kernel(p: dict[str, Any]) -> object:
    return calls.syscall(321 if os.uname().machine == "x86_64" else 280, 0, None, 0)


@attempt
def kernel_keys(p: dict[str, Any]) -> object:
    return calls.syscall(250 if os.uname().machine == "x86_64" else 219, 0, -3, 0)
