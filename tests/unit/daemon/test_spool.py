"""What was put into the spool comes out again, in order, whole or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgemeter_agents.daemon.spool import ASIDE, Spool, SpoolFullError


@settings(max_examples=30)  # each puts real files on a real disk
@given(bodies=st.lists(st.binary(max_size=200), max_size=12), data=st.data())
def test_reports_come_out_as_they_went_in_also_after_a_restart(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(folder)
    for body in bodies:
        if data.draw(st.booleans()):
            spool = Spool(folder)
        spool.put(body)
    found = [spooled.body for name in Spool(folder).names() if (spooled := Spool(folder).get(name))]
    assert found == bodies


@given(body=st.binary(min_size=1, max_size=300), data=st.data())
def test_a_damaged_report_is_set_aside(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, data: st.DataObject
) -> None:
    spool = Spool(folder := tmp_path_factory.mktemp("spool"))
    name = spool.put(body)
    content = bytearray((folder / name).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1).filter(lambda place: place != 64))
    if data.draw(st.booleans()):
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[at:]
    (folder / name).write_bytes(content)
    assert spool.get(name) is None
    assert spool.names() == []
    assert [path.name for path in (folder / ASIDE).iterdir()] == [name]


def test_names_are_never_used_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    first, second = spool.put(b"a"), spool.put(b"b")
    spool.remove(first)
    assert Spool(tmp_path).put(b"c") > second


@pytest.mark.parametrize("limits", [{"limit_files": 2}, {"limit_bytes": 145}])
def test_when_it_is_full_the_oldest_are_kept(tmp_path: Path, limits: dict[str, int]) -> None:
    spool = Spool(tmp_path, **limits)
    kept = [spool.put(b"first"), spool.put(b"second")]
    with pytest.raises(SpoolFullError):
        spool.put(b"third")
    assert spool.names() == kept


def test_what_is_aside_is_bounded(tmp_path: Path) -> None:
    spool = Spool(tmp_path, limit_files=4)
    names = [spool.put(b"x") for _ in range(3)]
    for name in names:
        spool.set_aside(name)
    assert sorted(path.name for path in (tmp_path / ASIDE).iterdir()) == names[-2:]


_WRITER = """
import sys
from pathlib import Path
from edgemeter_agents.daemon.spool import Spool
spool = Spool(Path(sys.argv[1]))
for number in range(100_000):
    name = spool.put(b"%d" % number * 1000)
    print(name, flush=True)
"""


def test_a_kill_in_the_middle_loses_nothing_that_was_promised(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    promised = [writer.stdout.readline().decode().strip() for _ in range(20)]
    os.kill(writer.pid, signal.SIGKILL)
    promised += writer.stdout.read().decode().split()
    writer.stdout.close()
    writer.wait()
    spool = Spool(tmp_path)
    assert set(promised) <= set(spool.names())
    assert all(spool.get(name) is not None for name in spool.names())
    assert not list(tmp_path.glob("*.tmp"))
