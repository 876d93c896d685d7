"""The runtimes' own timing tools, as a user would run them: one thread, a chosen processor, median in ms."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

BIN = Path(sys.executable).parent
TIMEOUT_S = 120

#: A plain loop, as every tutorial has it.
ONNXRUNTIME_LOOP = """
import json, statistics, sys, time
import numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
spec = session.get_inputs()[0]
feed = {spec.name: numpy.random.default_rng(0).random(spec.shape, dtype=numpy.float32)}
times, end = [], time.perf_counter() + float(sys.argv[2])
for _ in range(20):
    session.run(None, feed)
while time.perf_counter() < end or len(times) < 30:
    start = time.perf_counter()
    session.run(None, feed)
    times.append(time.perf_counter() - start)
print(json.dumps(statistics.median(times) * 1e3))
"""


def _run(command: list[str], cpu: int) -> str:
    def favour() -> None:
        os.sched_setaffinity(0, {cpu})
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))

    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        # Its uploader would run beside what is timed.
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
        preexec_fn=favour,
    )
    return done.stdout


def onnxruntime_loop(file: Path, cpu: int, seconds: float) -> float:
    return float(_run([sys.executable, "-c", ONNXRUNTIME_LOOP, str(file), str(seconds)], cpu))


def benchmark_app(file: Path, cpu: int, seconds: float) -> float:
    """OpenVINO's tool. It would otherwise choose bf16, two threads and integer inputs."""
    with tempfile.TemporaryDirectory() as folder:
        _run(
            [
                str(BIN / "benchmark_app"),
                *("-m", str(file), "-d", "CPU", "-hint", "none", "-api", "sync"),
                *("-nstreams", "1", "-nthreads", "1", "-infer_precision", "f32", "-ip", "f32"),
                *("-t", str(max(1, round(seconds)))),
                *("-report_type", "no_counters", "-json_stats", "-report_folder", folder),
            ],
            cpu,
        )
        results = json.loads((Path(folder) / "benchmark_report.json").read_text())["execution_results"]
    return float(results["latency (ms)"])


def litert_benchmark(file: Path, cpu: int, seconds: float) -> float:
    """LiteRT's tool, which rounds to 0.01 ms and counts runs, not seconds: a first look tells how many."""
    runs = max(30, round(seconds * 1e3 / _litert_median_ms(file, cpu, 20)))
    return _litert_median_ms(file, cpu, runs)


def _litert_median_ms(file: Path, cpu: int, runs: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        arguments = ("--use_cpu", "--num_threads", "1", "--warmup_runs", "20", "--num_runs", str(runs))
        command = [str(BIN / "litert-benchmark"), "--model", str(file), *arguments]
        _run([*command, "--result_json", str(result)], cpu)
        return float(json.loads(result.read_text())["latency"]["median_ms"])


TOOLS = {"onnxruntime": onnxruntime_loop, "openvino": benchmark_app, "litert": litert_benchmark}
