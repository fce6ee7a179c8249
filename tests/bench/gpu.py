"""What a GPU would change: `make bench-gpu`. Forward passes on it, decoding and face on the host, and which of the two is the limit.

Every runtime that is importable is asked whether it sees a GPU: TensorFlow, PyTorch and JAX run both networks through Keras,
each in a process of its own (`tests.bench.forward_elsewhere`); ONNX Runtime is only named, because nothing here makes an ONNX file
of a version. Where none sees one, that is said in a sentence, the result is marked as not measured, and the exit code is 0.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tests.bench.machine import envelope
from tests.bench.photos import make_photos

ROOT = Path(__file__).resolve().parents[2]
PROBES = {
    "tensorflow": "import tensorflow as t; print(*(each.name for each in t.config.list_physical_devices('GPU')))",
    "torch": "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')",
    "jax": "import jax; print(*(each.device_kind for each in jax.devices() if each.platform == 'gpu'))",
    "onnxruntime": "import onnxruntime as o; print(*({'CUDAExecutionProvider', 'ROCMExecutionProvider'} & set(o.get_available_providers())))",
}
"""Runtime to what prints the name of its GPU, or an empty line."""
DEVICES = ("/dev/nvidia0", "/dev/kfd")
"""What drivers of NVIDIA and AMD leave on a machine with a GPU."""
KERAS_RUNTIMES = ("tensorflow", "torch", "jax")
PROBE_SECONDS, FORWARD_SECONDS = 120.0, 900.0
PHOTOS = 256
NOT_MEASURED = (
    "It would have measured crops per second of both networks on the GPU in batches of 1 to 512, photos per second that this host "
    "decodes and finds faces in, on one core and on all, and from both how many cores feed one GPU."
)


@dataclass(frozen=True)
class Runtime:
    """What could run the networks.

    Attributes:
        name: Of `PROBES`.
        device: Its GPU; empty where it sees none.
        says: "is not installed", "sees no GPU", or which it sees.
    """

    name: str
    device: str
    says: str


def find_runtimes() -> list[Runtime]:
    """Ask every runtime, each in a process of its own: they do not bear each other, and one that cannot start is none."""
    return [_ask(name, code) for name, code in PROBES.items()]


def _ask(name: str, code: str) -> Runtime:
    if importlib.util.find_spec(name) is None:
        return Runtime(name, "", "is not installed")
    try:
        asked = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=PROBE_SECONDS, check=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError) as error:
        return Runtime(name, "", f"could not be asked ({type(error).__name__})")
    lines = asked.stdout.splitlines()
    device = lines[-1].strip() if lines else ""
    return Runtime(name, device, f"sees {device}" if device else "sees no GPU")


def measure(runtime: Runtime) -> dict:
    """Forward passes of both networks on a runtime's device, and the host's photos, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="symmetra-gpu-") as name:
        photo = make_photos().webcam
        for number in range(PHOTOS):
            (Path(name) / f"{number:03d}.jpg").write_bytes(photo)
        asked = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.bench.forward_elsewhere", "--photos", name],
            cwd=ROOT, capture_output=True, text=True, timeout=FORWARD_SECONDS, check=True,
            env={**os.environ, "KERAS_BACKEND": runtime.name, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )  # fmt: skip
    found: dict = json.loads(asked.stdout)
    return found


def limits_of(found: Mapping[str, dict]) -> dict[str, dict]:
    """What each side allows: the GPU at its best batch, the host on all cores, and how many cores one GPU would need.

    Args:
        found: What `tests.bench.forward_elsewhere` prints.
    """
    host = {int(threads): rate for threads, rate in found["host_photos_per_second"].items()}
    per_core, most = host[1], max(host.values())
    limits = {}
    for key, rates in found.items():
        if key.endswith("_crops_per_second"):
            gpu = max(rates.values())
            limits[key.removesuffix("_crops_per_second")] = {
                "gpu_crops_per_second": gpu,
                "host_photos_per_second": most,
                "limit": "host" if most < gpu else "gpu",
                "host_cores_that_feed_one_gpu": gpu / per_core,
            }
    return limits


def bench(
    out: TextIO,
    find: Callable[[], list[Runtime]] = find_runtimes,
    measure_on: Callable[[Runtime], dict] = measure,
) -> dict:
    """Measure on every runtime that sees a GPU, and say what was found or that nothing was.

    Returns:
        The result to keep; without figures where nothing was measured, and under "failed" why a runtime was not.
    """
    workload = {"type": "one batch after the other", "photo": "640x480", "photos": PHOTOS}
    report = envelope("gpu", workload)
    runtimes = find()
    report["runtimes"] = {each.name: each.says for each in runtimes}
    measured, failed = {}, {}
    for runtime in runtimes:
        if runtime.device and runtime.name in KERAS_RUNTIMES:
            try:
                found = measure_on(runtime)
            except (subprocess.SubprocessError, OSError, ValueError) as error:
                failed[runtime.name] = f"could not be measured: {_reason(error)}"
                continue
            measured[runtime.name] = {"device": runtime.device, "found": found, "limits": limits_of(found)}
    says = _say_limits(measured) if measured else _say_nothing(runtimes)
    says = "\n".join([says, *(f"{name} {reason}" for name, reason in failed.items())])
    out.write(says + "\n")
    return report | {"measured": bool(measured), "says": says, "results": measured, "failed": failed}


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took longer than {error.timeout:.0f} s"
    if isinstance(error, subprocess.CalledProcessError):
        lines = (error.stderr or "").strip().splitlines()
        return f"it ended with exit code {error.returncode}: {lines[-1] if lines else 'it said nothing'}"
    return f"{type(error).__name__}: {error}"


def _say_nothing(runtimes: list[Runtime]) -> str:
    asked = ", ".join(f"{each.name} {each.says}" for each in runtimes)
    device = next((path for path in DEVICES if Path(path).exists()), None)
    where = (
        "no GPU was found on this machine"
        if device is None
        else f"{device} is there, but nothing here can run the networks on it"
    )
    return f"Not measured: {where} ({asked}). {NOT_MEASURED}"


def _say_limits(measured: Mapping[str, dict]) -> str:
    lines = []
    for name, row in measured.items():
        for network, limit in row["limits"].items():
            lines.append(
                f"{network} on {row['device']} by {name}: {limit['gpu_crops_per_second']:.0f} crops/s; the host decodes and finds faces in "
                f"{limit['host_photos_per_second']:.0f} photos/s; the limit is the {limit['limit']}, and "
                f"{limit['host_cores_that_feed_one_gpu']:.1f} cores like these would feed this GPU"
            )
    return "\n".join(lines)


def main(words: list[str] | None = None) -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gpu", description=__doc__)
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="gpu.json goes there")
    arguments = parser.parse_args(words)
    report = bench(sys.stdout)
    if arguments.save:
        arguments.save.mkdir(parents=True, exist_ok=True)
        (arguments.save / "gpu.json").write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
