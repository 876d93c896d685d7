"""Two busy processes, as other people's work on a shared machine."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Arithmetic and memory traffic in turn, at normal priority, on whichever processor is free; not beyond the
# benchmark, however that ends.
_BUSY = """
import array, os
block, parent = array.array("d", bytes(8 << 20)), os.getppid()
total = 0.0
while os.getppid() == parent:
    for number in range(200_000):
        total += number * 0.5
    block.reverse()
"""


@contextmanager
def busy(processes: int = 2) -> Iterator[None]:
    started = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()
