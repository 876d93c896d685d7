from pathlib import Path

import pytest

from edgemeter_agents.conditions.memory import peak_resident_bytes, reset_peak, resident_bytes


def test_status_of_a_process(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("VmPeak:\t 999 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n")
    assert resident_bytes(tmp_path) == 1024 * 1024
    assert peak_resident_bytes(tmp_path) == 2048 * 1024


def test_a_kernel_without_a_peak_falls_back_to_resource_usage(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("VmRSS:\t 1024 kB\n")
    assert peak_resident_bytes(tmp_path) > 1024 * 1024


def test_unknown_memory_is_an_error_not_a_zero(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("Name: x\n")
    with pytest.raises(OSError, match="does not tell"):
        resident_bytes(tmp_path)


def test_a_refused_reset_says_so(tmp_path: Path) -> None:
    assert reset_peak(tmp_path / "absent") is False


def test_the_peak_of_this_process_forgets_what_was_freed() -> None:
    size = 64 << 20
    block = bytearray(size)
    block[::4096] = b"x" * len(block[::4096])
    high = peak_resident_bytes()
    del block
    assert high >= size
    if not reset_peak():
        pytest.skip("clear_refs may not be written here")
    assert peak_resident_bytes() <= high - size // 2
    assert peak_resident_bytes() >= resident_bytes() - (4 << 20)
