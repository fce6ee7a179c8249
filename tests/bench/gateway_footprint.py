"""What the gateway costs before it sees a photo: import time against its libraries alone, and resident memory.

`python -m tests.bench.gateway_footprint` prints both for `.venv/gateway`, which must not hold TensorFlow.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from serving.local.ports import find_free_port

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = "flask, grpc, numpy, PIL.Image, prometheus_client"
"""What DESIGN's budget compares with."""
APPLICATION = "gateway.wsgi"
"""Everything the gateway imports itself; the HTTP server around it is gunicorn's, and stated beside it."""
WITH_SERVER = "gateway.start, gateway.server, gateway.wsgi"
RUNS = 15
START_SECONDS = 60.0
TIMED_IMPORT = "import time; begin = time.process_time(); import {modules}; print(time.process_time() - begin)"
WITHOUT_TENSORFLOW = (
    "import importlib.util; print([importlib.util.find_spec(n) is None for n in ('tensorflow', 'keras')])"
)


@dataclass(frozen=True)
class Footprint:
    import_ratio: float
    """Median CPU time of importing the application / of importing `LIBRARIES`."""
    import_ratio_with_server: float
    """The same with gunicorn, which DESIGN's list does not hold."""
    import_milliseconds: float
    libraries_milliseconds: float
    resident_mebibytes: float
    """Of the process that serves, ready, with one detector per core."""
    proportional_mebibytes: float
    """Of that process and gunicorn's master together, shared pages counted once."""
    tensorflow_is_absent: bool


def measure_footprint(python: Path) -> Footprint:
    """Measure the gateway in one Python environment."""
    libraries, application, with_server = [], [], []
    _run(python, f"import {LIBRARIES}, {WITH_SERVER}")  # compiles what has no bytecode yet
    for _ in range(RUNS):  # interleaved, so that a busy machine slows both
        libraries.append(_seconds(python, LIBRARIES))
        application.append(_seconds(python, APPLICATION))
        with_server.append(_seconds(python, WITH_SERVER))
    resident, proportional = _memory_bytes(python)
    absent = _run(python, WITHOUT_TENSORFLOW) == "[True, True]"
    return Footprint(
        import_ratio=statistics.median(application) / statistics.median(libraries),
        import_ratio_with_server=statistics.median(with_server) / statistics.median(libraries),
        import_milliseconds=1000 * statistics.median(application),
        libraries_milliseconds=1000 * statistics.median(libraries),
        resident_mebibytes=resident / 2**20,
        proportional_mebibytes=proportional / 2**20,
        tensorflow_is_absent=absent,
    )


def _seconds(python: Path, modules: str) -> float:
    return float(_run(python, TIMED_IMPORT.format(modules=modules)))


def _run(python: Path, program: str) -> str:
    # Bytecode of both sides in a cache of our own: an installed gateway has it, a source folder may not.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(ROOT / ".run" / "bytecode")
    return subprocess.run(
        [python, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True, timeout=120, env=environment
    ).stdout.strip()


def _memory_bytes(python: Path) -> tuple[int, int]:
    """Start a gateway without a model, which loads all detectors, and look at it once it listens."""
    ports = {"SYMMETRA_PORT": find_free_port(), "SYMMETRA_METRICS_PORT": find_free_port()}
    environment = os.environ | {name: str(port) for name, port in ports.items()}
    with tempfile.TemporaryDirectory(prefix="symmetra-no-model-") as repository:
        environment |= {"SYMMETRA_MODEL_REPOSITORY": repository}
        return _memory_of(
            subprocess.Popen([python, "-m", "gateway"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        )


def _memory_of(process: subprocess.Popen[str]) -> tuple[int, int]:
    """Of a gateway that was just started, which is stopped then."""
    said = []
    with process:
        try:
            for line in process.stderr or ():
                said.append(line)
                if '"gateway started"' in line:
                    break
            else:
                message = f"the gateway did not start: {''.join(said)}"
                raise RuntimeError(message)
            master = psutil.Process(process.pid)
            (worker,) = master.children()
            time.sleep(0.5)  # let the worker begin to serve; a figure, not a synchronisation
            return worker.memory_info().rss, sum(each.memory_full_info().pss for each in (master, worker))
        finally:
            process.terminate()
            process.stderr.read() if process.stderr else None


def main() -> int:
    """Print the figures as JSON."""
    footprint = measure_footprint(ROOT / ".venv" / "gateway" / "bin" / "python")
    print(json.dumps(footprint.__dict__, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
