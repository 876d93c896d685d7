# ruff: noqa: PTH102, PTH109, PTH110, PTH115, PTH123, PTH208
"""Tasks that behave badly, each in one way.

Each line is meant as the one system call that it is, hence os instead of pathlib.
"""

import itertools
import os
import signal
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

from edgemeter.failures import Failure, FailureError, FailureKind
from edgemeter.isolation.frames import FrameKind, encode


def _channel() -> int:
    """The child's own pipe to its parent: the one pipe that it has."""
    return next(
        fd
        for fd in map(int, os.listdir("/proc/self/fd"))
        if os.path.exists(f"/proc/self/fd/{fd}") and os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:")
    )


def echo(payload: Any, send: Any) -> None:
    send(payload)


def send_all(payload: Any, send: Any) -> None:
    for message in payload:
        send(message)


def die_by(payload: Any, send: Any) -> None:
    send("before")
    signal.signal(payload, signal.SIG_DFL) if payload not in (signal.SIGKILL, signal.SIGSTOP) else None
    os.kill(os.getpid(), payload)
    signal.pause()


def abort(payload: Any, send: Any) -> None:
    os.abort()


def exit_with(payload: Any, send: Any) -> None:
    sys.exit(payload)


def exit_hard(payload: Any, send: Any) -> None:
    os._exit(payload)


def raise_failure(payload: Any, send: Any) -> None:
    raise FailureError(Failure(FailureKind.UNSUPPORTED_OP, "no kernel", "node\x1b[31m", "Foo"))


def raise_error(payload: Any, send: Any) -> None:
    raise RuntimeError(payload)


def raise_memory_error(payload: Any, send: Any) -> None:
    raise MemoryError


def send_nan(payload: Any, send: Any) -> None:
    send(float("nan"))


def hang(payload: Any, send: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    send(os.getpid())
    while True:
        signal.pause()


def spin(payload: Any, send: Any) -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


def processor_clock(payload: Any, send: Any) -> None:
    """The smallest step between two readings of the process's CPU time."""
    readings = sorted({time.process_time_ns() for _ in range(20_000)})
    send(min(later - earlier for earlier, later in itertools.pairwise(readings)))


def eat_memory(payload: Any, send: Any) -> None:
    eaten = []
    while True:
        eaten.append(b"x" * (1 << 22))


def start_threads(payload: Any, send: Any) -> None:
    stop = threading.Event()
    for _ in range(payload):
        threading.Thread(target=stop.wait, daemon=True).start()
    stop.wait()


def fork_once(payload: Any, send: Any) -> None:
    try:
        pid = os.fork()
    except OSError as error:
        send({"refused": error.errno})
        return
    if pid == 0:
        time.sleep(1000)
    send({"forked": pid})
    signal.pause()


def fork_bomb(payload: Any, send: Any) -> None:
    while True:
        try:
            os.fork()
        except OSError:
            signal.pause()


def escape(payload: Any, send: Any) -> None:
    """Leaves a grandchild in a session of its own that ignores all it can, and ends on SIGUSR1."""
    child, channel = os.getpid(), _channel()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            send({"escaped": os.getpid(), "child": child})
            os.close(channel)
            while True:
                signal.pause()
        os._exit(0)
    os.wait()
    signal.sigwait({signal.SIGUSR1})


def raw_bytes(payload: Any, send: Any) -> None:
    """Writes what it is told and stays, so that only the parent can end it."""
    send("first")
    os.write(_channel(), bytes.fromhex(payload["hex"]))
    if payload["stay"]:
        signal.pause()


def huge_length(payload: Any, send: Any) -> None:
    os.write(_channel(), struct.pack("!BI", FrameKind.MESSAGE, 0xFFFFFFFF))
    signal.pause()


def endless(payload: Any, send: Any) -> None:
    while True:
        send("x" * 1000)


def framed(payload: Any, send: Any) -> None:
    body = payload.encode()
    os.write(_channel(), struct.pack("!BI", FrameKind.MESSAGE, len(body)) + body)
    signal.pause()


def deep_json(payload: Any, send: Any) -> None:
    body = b"[" * payload + b"]" * payload
    os.write(_channel(), struct.pack("!BI", FrameKind.MESSAGE, len(body)))
    os.write(_channel(), body)
    signal.pause()


def forge(payload: Any, send: Any) -> None:
    os.write(_channel(), encode(FrameKind(payload["kind"]), payload["value"]))
    signal.pause()


def close_channel_and_stay(payload: Any, send: Any) -> None:
    os.close(_channel())
    signal.pause()


def silent_then(payload: Any, send: Any) -> None:
    time.sleep(payload)
    send("late")


def surroundings(payload: Any, send: Any) -> None:
    status = Path("/proc/self/status").read_text().splitlines()
    autogroup = Path("/proc/self/autogroup")
    send(
        {
            "environment": dict(os.environ),
            "cwd": os.getcwd(),
            "uid": os.getuid(),
            "groups": os.getgroups(),
            "capabilities": {
                k: v.strip() for k, _, v in (line.partition(":") for line in status) if "Cap" in k
            },
            "session": os.getsid(0) == os.getpid(),
            "fds": sorted(
                os.readlink(f"/proc/self/fd/{fd}")
                for fd in os.listdir("/proc/self/fd")
                if os.path.exists(f"/proc/self/fd/{fd}")
            ),
            "cpus": sorted(os.sched_getaffinity(0)),
            "nice": os.getpriority(os.PRIO_PROCESS, 0),
            "session nice": autogroup.read_text().split()[-1] if autogroup.exists() else None,
            "oom": Path("/proc/self/oom_score_adj").read_text().strip(),
        }
    )


def take_fifo(payload: Any, send: Any) -> None:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(payload))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except OSError as error:
        send({"refused": error.errno})
    else:
        send({"done": True})


def write_file(payload: Any, send: Any) -> None:
    with open(payload["path"], "wb") as file:
        for _ in range(payload["mib"]):
            file.write(b"x" * (1 << 20))
    send("written")


def open_many(payload: Any, send: Any) -> None:
    kept = []
    try:
        while True:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        send(len(kept))


def make_mess(payload: Any, send: Any) -> None:
    """Nests folders deeper than any path can be long, and takes its rights away."""
    for _ in range(payload):
        os.mkdir("d", 0o700)
        os.chdir("d")
    Path("last").write_text("x")
    send("done")


def double(payload: Any) -> Any:
    return {"doubled": payload["number"] * 2}


def size_of(payload: Any) -> Any:
    return {"bytes": len(Path(payload["network"]).read_bytes()), "name": Path(payload["network"]).name}


def crash(payload: Any) -> Any:
    os.kill(os.getpid(), signal.SIGSEGV)


def fail(payload: Any) -> Any:
    raise FailureError(Failure(FailureKind.MALFORMED, "broken at byte 12", "conv1", "Conv"))


def open_missing(payload: Any) -> Any:
    return Path(payload["path"]).read_text()


def sleep(payload: Any) -> Any:
    time.sleep(payload["s"])
