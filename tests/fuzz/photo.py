"""Coverage-guided fuzzing of decoding and of the face path: `make fuzz`, ten minutes (issue 5, bar 1).

libFuzzer (atheris) changes photos and keeps those that reach further code of `serving.contract` and of Pillow's Python part.
Its process must write nothing to a disk; the kernel counts that. A full run is kept in serving/results/photo_fuzz.json.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from tests.fuzz.photo_mutations import MAX_SEED_BYTES, seeds
from tests.fuzz.storage import written_bytes

PROJECT: Final = Path(__file__).resolve().parents[2]
RESULTS: Final = PROJECT / "serving" / "results" / "photo_fuzz.json"
FINDINGS: Final = PROJECT / ".run" / "fuzz"
SECONDS: Final = int(os.environ.get("FUZZ_SECONDS", "600"))
FULL_SECONDS: Final = 600
UNIT_SECONDS: Final = 120
RESIDENT_LIMIT_MIB: Final = 1024
"""Detectors and libraries, 352 MiB for pixels in flight, the photos that are kept, and what coverage itself needs."""
LOOK_SECONDS: Final = 0.5
_STATUS: Final = re.compile(r"^#\d+\s.*?cov: (?P<edges>\d+) ft: (?P<features>\d+) corp: (?P<corpus>\d+)/", re.MULTILINE)
_FINAL: Final = re.compile(r"^stat::(\w+):\s+(\d+)$", re.MULTILINE)


def main() -> int:
    """Run it, print what was found, keep it after a full run; 1 where the campaign ended with a finding."""
    began = time.monotonic()
    code, written, log = run_campaign(SECONDS)
    found_in_log = read_log(log)
    found = {
        "seconds": round(time.monotonic() - began, 1),
        "seeds": len(seeds()),
        **{name: value for name, value in found_in_log.items() if name != "written_before_bytes"},
        "resident_limit_mib": RESIDENT_LIMIT_MIB,
        "bytes_written_to_storage": written - found_in_log["written_before_bytes"],
        "machine": {
            "cores": os.cpu_count(),
            "processor": platform.machine(),
            "python": platform.python_version(),
            "atheris": version("atheris"),
            "pillow": version("pillow"),
        },
    }
    print(json.dumps(found, indent=1))
    if code or found["bytes_written_to_storage"]:
        print(log[-6000:])
        print(
            f"A finding: the photo lies in {FINDINGS}. Mend it, and give it a name in tests/support/hostile_photos.py."
        )
        return 1
    if SECONDS >= FULL_SECONDS:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def run_campaign(seconds: int) -> tuple[int, int, str]:
    """Exit code, bytes that the process sent to storage, and what libFuzzer wrote."""
    FINDINGS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="photo-fuzz-") as name:
        paths = [Path(name, f"seed-{number:03d}") for number in range(len(seeds()))]
        for path, photo in zip(paths, seeds().values(), strict=True):
            path.write_bytes(photo)
        listed = Path(name, "seeds")
        listed.write_text(",".join(map(str, paths)))
        for path in (listed, *paths):
            # As if read after it was written: the file system then has no reason to write down when it is read.
            os.utime(path, (time.time() + FULL_SECONDS, 0))
        # No folder for the corpus: it stays in memory, so that whatever is written is a fault.
        options = {
            "seed_inputs": f"@{listed}",
            "seed": 1,
            "max_total_time": seconds,
            "max_len": MAX_SEED_BYTES,
            "timeout": UNIT_SECONDS,
            "rss_limit_mb": RESIDENT_LIMIT_MIB,
            "print_final_stats": 1,
            "artifact_prefix": f"{FINDINGS}/",
        }
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.photo_target",
            *(f"-{key}={value}" for key, value in options.items()),
        ]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
        with subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            log: list[bytes] = []
            assert process.stdout
            reader = threading.Thread(target=log.extend, args=(process.stdout,))
            reader.start()
            try:
                written = _watch_writing(process)
            finally:
                process.kill()
                reader.join()
        return process.returncode, written, b"".join(log).decode(errors="replace")


def read_log(log: str) -> dict[str, Any]:
    """Executions, corpus, coverage and memory from libFuzzer's own lines."""
    statuses = list(_STATUS.finditer(log))
    final = {name: int(value) for name, value in _FINAL.findall(log)}
    covered = {"first": statuses[0], "last": statuses[-1]} if statuses else {}
    return {
        "executions": final.get("number_of_executed_units", 0),
        "corpus_photos": int(statuses[-1]["corpus"]) if statuses else 0,
        "edges": {when: int(status["edges"]) for when, status in covered.items()},
        "features": {when: int(status["features"]) for when, status in covered.items()},
        "slowest_photo_seconds": final.get("slowest_unit_time_sec", 0),
        "peak_resident_mib": final.get("peak_rss_mb", 0),
        "written_before_bytes": final.get("written_before_bytes", 0),
    }


def _watch_writing(process: subprocess.Popen[bytes]) -> int:
    written = 0
    while process.poll() is None:
        with contextlib.suppress(OSError):  # it has just ended
            written = written_bytes(process.pid)
        time.sleep(LOOK_SECONDS)
    return written


if __name__ == "__main__":
    sys.exit(main())
