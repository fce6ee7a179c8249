"""What a photo costs the gateway and the model server, by its size: CPU milliseconds, through a real gateway.

`python -m tests.bench.photo_costs` sends one photo of each size in turn, several rounds, from as many clients as there are cores,
each sending its next photo once the last is answered. What is counted is the CPU time of the two processes, not the clock: on a
shared machine the clock tells more about the neighbours. The model answers one crop a photo. Writes `photo_costs.json`, which
`python -m loadtests sizing` calculates from.
"""

import argparse
import io
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from serving.contract.model import MODEL_NAME
from serving.local.stack import MODEL_SERVER_GRPC_THREADS
from serving.repository import ModelRepository
from serving.repository.promotion import write_first_config
from serving.repository.repository import SERVED_NAME
from tests.bench.closed_loop import run_clients
from tests.bench.machine import ROOT, describe_model, envelope
from tests.bench.versions import build_version
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.model_server_process import ModelServerProcess
from training.synthetic.drawing import draw_face
from training.synthetic.sampling import sample_photo, sample_subject

SEED = 11
RESULT = "photo_costs.json"


@dataclass(frozen=True)
class Size:
    """One size of photos; grain makes the bytes, as a camera's sensor does."""

    megapixels: float
    width: int
    height: int
    grain: float


SIZES = (Size(0.3, 640, 480, 4.0), Size(2, 1600, 1200, 4.0), Size(12, 4000, 3000, 4.0))


def draw_photo(size: Size) -> bytes:
    """The same face in any size, a JPEG of quality 88."""
    rng = np.random.default_rng(SEED)
    parameters = sample_photo(rng, sample_subject(rng))
    face = Image.fromarray(draw_face(parameters, height_pixels=480, width_pixels=640))
    pixels = np.asarray(face.resize((size.width, size.height), Image.Resampling.BICUBIC), np.float32)
    grain = np.random.default_rng(SEED).normal(0.0, size.grain, pixels.shape).astype(np.float32)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def cpu_seconds(process: psutil.Process) -> float:
    """That a process took so far."""
    times = process.cpu_times()
    return times.user + times.system


def measure(gateway: GatewayProcess, model_server: psutil.Process, photo: bytes, clients: int, seconds: float) -> dict:
    """One round of one size."""
    worker = gateway.worker()
    before = cpu_seconds(worker), cpu_seconds(model_server)
    load = run_clients(gateway.port, "/v1/screenings", photo, clients, seconds)
    if load.refused:
        message = f"{load.refused} photos were refused, which cost less than those that are answered"
        raise RuntimeError(message)
    after = cpu_seconds(worker), cpu_seconds(model_server)
    return {
        "answered": load.answered,
        "photos_per_second": load.photos_per_second,
        "gateway_cpu_milliseconds": (after[0] - before[0]) / load.answered * 1000,
        "model_server_cpu_milliseconds": (after[1] - before[1]) / load.answered * 1000,
    }


def main() -> int:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.photo_costs", description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="of load per round and size (6)")
    parser.add_argument("--rounds", type=int, default=5, help="over all sizes (5)")
    parser.add_argument("--arch", default="twin", help="architecture of the model (twin, the default one)")
    parser.add_argument("--results", type=Path, default=ROOT / "loadtests" / "results")
    options = parser.parse_args()
    workload = {"type": "closed loop", "rounds": options.rounds, "seconds": options.seconds, "records": False}
    report = envelope("photo_costs", workload)
    clients = psutil.cpu_count() or 1
    photos = {size: draw_photo(size) for size in SIZES}
    rows = []
    with tempfile.TemporaryDirectory(prefix="symmetra-photo-costs-") as name:
        repository = Path(name) / "models"
        build_version(repository, options.arch)
        report["models"] = {"gateway": describe_model(repository, options.arch)}
        models = ModelRepository(repository, MODEL_NAME)
        write_first_config(models, served_from=str(models.directory))
        flags = (
            f"--model_config_file={models.directory / SERVED_NAME}",
            f"--grpc_max_threads={MODEL_SERVER_GRPC_THREADS}",
            "--enable_batching=true",
            f"--batching_parameters_file={ROOT / 'serving' / 'deploy' / 'batching.config'}",
        )
        with (
            ModelServerProcess(*flags) as server,
            GatewayProcess(repository, f"127.0.0.1:{server.port}") as gateway,
        ):
            wait_until(lambda: gateway.request("GET", "/readyz/model")[0] == 200)
            process = psutil.Process(server.process.pid)
            for photo in photos.values():
                measure(gateway, process, photo, clients, 1.0)
            for number in range(options.rounds):
                for size, photo in photos.items():  # in turn, so that a busy minute of the machine meets all of them
                    row = measure(gateway, process, photo, clients, options.seconds)
                    rows.append({"round": number, "megapixels": size.megapixels, "bytes": len(photo), **row})
                    print(rows[-1], file=sys.stderr, flush=True)
    report |= {"clients": clients, "crops_per_photo": 1, "rows": rows}
    (options.results / RESULT).write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
