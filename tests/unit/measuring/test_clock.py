import resource
import threading
import time
from pathlib import Path

import pytest

from edgemeter_agents.measuring.clock import SchedulerFigures, SystemClock


def tree(folder, **threads):
    for name, text in threads.items():
        (folder / name[1:]).mkdir(exist_ok=True)
        (folder / name[1:] / "schedstat").write_text(text)
    return folder


def figures(tasks):
    return SchedulerFigures(tasks, own="10", others=True)


def test_sums_the_waiting_time_of_all_threads(tmp_path):
    delay = figures(tree(tmp_path, t10="900 40 3\n", t11="100 2 1\n"))
    assert delay.available
    assert delay.waiting_ns() == 42


def test_reads_again_through_the_open_files(tmp_path):
    delay = figures(tree(tmp_path, t10="900 40 3\n"))
    delay.waiting_ns()
    tree(tmp_path, t10="900 55 4\n")
    assert delay.waiting_ns() == 55


def test_with_one_computing_thread_the_others_are_left_out(tmp_path):
    alone = SchedulerFigures(tree(tmp_path, t10="900 40 3\n", t11="100 2 1\n"), own="10", others=False)
    assert alone.waiting_ns() == 40


def test_a_new_thread_is_found(tmp_path):
    delay = figures(tree(tmp_path, t10="900 40 3\n"))
    delay.waiting_ns()
    tree(tmp_path, t11="1 7 1\n")
    assert delay.waiting_ns() == 47


def test_counts_the_threads_of_this_process_and_never_falls():
    delay = figures(Path("/proc/self/task"))
    if not delay.available:
        pytest.skip("this kernel keeps no run-queue delay")
    begin, end = threading.Event(), threading.Event()
    readings = [delay.waiting_ns()]
    threads = [threading.Thread(target=lambda: (begin.set(), end.wait())) for _ in range(4)]
    for thread in threads:
        thread.start()
        begin.wait()
        readings.append(delay.waiting_ns())
    end.set()
    for thread in threads:
        thread.join()
    readings += [delay.waiting_ns() for _ in range(50)]
    assert readings == sorted(readings)
    delay.close()


@pytest.mark.parametrize("text", ["0 0 0\n", ""])
def test_a_kernel_without_scheduler_statistics_is_told_and_reads_zero(tmp_path, text):
    delay = figures(tree(tmp_path, t10=text))
    assert not delay.available
    assert delay.waiting_ns() == 0


def test_a_system_without_proc_is_told(tmp_path):
    clock = SystemClock(tasks=tmp_path / "nothing")
    assert not clock.delay_available
    assert clock.delay_ns() == 0
    clock.close()


def test_wall_and_cpu_time_pass_and_sleeping_costs_no_cpu():
    clock = SystemClock()
    wall, cpu = clock.wall_ns(), clock.cpu_ns()
    clock.sleep(0.05)
    assert clock.wall_ns() - wall >= 50e6
    assert clock.cpu_ns() - cpu < 40e6
    cpu = clock.cpu_ns()
    begin = time.thread_time_ns()
    while time.thread_time_ns() - begin < 5e6:
        pass
    assert clock.cpu_ns() - cpu >= 5e6
    clock.close()


def test_a_limit_on_cpu_time_does_not_make_the_clock_coarse():
    # With RLIMIT_CPU the clock of the whole process moves in ticks of milliseconds.
    limits = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (3600, limits[1]))
    try:
        clock = SystemClock()
        readings = {clock.cpu_ns() for _ in range(100)}
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, limits)
    assert len(readings) == 100


def test_with_several_threads_the_work_of_all_counts():
    clock = SystemClock(threads=2)
    if not clock.delay_available:
        pytest.skip("this kernel keeps no scheduler statistics")
    before = clock.cpu_ns()
    started, finish = threading.Event(), threading.Event()

    def work():
        begin = time.thread_time_ns()
        while time.thread_time_ns() - begin < 20e6:
            pass
        started.set()
        finish.wait()

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    assert clock.cpu_ns() - before >= 10e6  # the scheduler counts a running thread by ticks
    finish.set()
    thread.join()
    clock.close()
