import json
import os
import subprocess
import sys

import pytest

from edgemeter.isolation import descendants
from edgemeter.isolation.descendants import NOTHING, Usage, parse_stat

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("name", ["python", "a b", ") S 1 2 (", "((", ""])
def test_a_name_in_proc_cannot_forge_numbers(name: str) -> None:
    rest = "S 1 2 3 4 5 6 7 8 9 10 100 20 3 4 20 0 7 0 12345 1000000 250 18446744073709551615"
    usage = parse_stat(f"42 ({name}) {rest}")
    assert usage == Usage(cpu_s=127 / TICKS, memory_bytes=250 * PAGE, processes=1, threads=7)


def test_usages_add_up() -> None:
    one = Usage(1.0, 2, 1, 3)
    assert one + one + NOTHING == Usage(2.0, 4, 2, 6)


#: Run apart: a test process may have other children, such as a database's, which come and go.
COUNTS = """
import json, subprocess, sys
from dataclasses import asdict
from edgemeter.isolation import descendants
descendants._LISTS_CHILDREN = {listed}
inner = "import sys; print(1, flush=True); sys.stdin.read()"
outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {{inner!r}}])"
counted = [descendants.usage()]
pipes = {{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}}
with subprocess.Popen([sys.executable, "-c", outer], **pipes) as process:
    process.stdout.readline()
    counted.append(descendants.usage())
    process.stdin.close()
counted.append(descendants.usage())
print(json.dumps([asdict(usage) for usage in counted]))
"""


@pytest.mark.parametrize("listed", [True, False])
def test_descendants_are_found_with_and_without_the_kernels_list(listed: bool) -> None:
    if listed and not descendants._LISTS_CHILDREN:
        pytest.skip("this kernel does not list children")
    ran = subprocess.run(
        [sys.executable, "-c", COUNTS.format(listed=listed)], capture_output=True, check=True, timeout=60
    )
    before, during, after = (Usage(**usage) for usage in json.loads(ran.stdout))
    assert before == after == NOTHING
    assert during.processes == 2
    assert during.memory_bytes > 2 * 1024 * 1024
