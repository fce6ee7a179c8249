"""What runs of the real system show against each other, and what of a photo's time is the gateway's: `python -m tests.bench.baseline`.

Model server, gateway and generator share the cores. Runs of the same thing follow each other: photos through the gateway and crops past
it, at one rate. All but the last are kept as a baseline, whose spread is the noise floor; the last is compared with them. Writes
`baseline.json`, and the report on the last run with the comparison in it beside the runs. About five minutes.
"""

import argparse
import contextlib
import dataclasses
import io
import json
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import numpy as np

from loadtests.commands import record_answers
from loadtests.commands import report as report_command
from loadtests.compare.baseline import Baseline, keep_baseline
from loadtests.compare.checks import checks_of
from loadtests.compare.comparison import compare, noise_of
from loadtests.errors import LoadTestError
from loadtests.photos import CROPS_FILE, Index, PackPhoto, write_index
from loadtests.run.format import read_run
from loadtests.run.launch import make_run
from loadtests.run.request import RunRequest
from loadtests.verdict.gateway_share import share_of_gateway
from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from tests.bench.gateway_shapes import start_model_server
from tests.bench.machine import describe_model, envelope
from tests.bench.photos import make_photos
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.tiny_version import copy_tiny_repository

CROPS = 8
MIX = "photo=0.5,direct=0.5"


@dataclasses.dataclass(frozen=True)
class Site:
    """Addresses of a running system, and the photos whose answers it gave once.

    Attributes:
        target: Of the gateway.
        metrics: Of the gateway.
        model_server: For direct calls.
        pack: Folder of the photos.
        model: What `describe_model` says of it.
    """

    target: str
    metrics: str
    model_server: str
    pack: Path
    model: dict[str, object]


@contextlib.contextmanager
def running_site(folder: Path) -> Generator[Site, None, None]:
    """One gateway before one model server."""
    repository = copy_tiny_repository(folder / "models")
    pack = write_pack(folder / "pack")
    with start_model_server(repository, folder / "model-server.sock") as server:
        address = f"127.0.0.1:{server.port}"
        with GatewayProcess(repository, address, allow_demo_model="yes", cores=1) as gateway:
            wait_until(lambda: gateway.request("GET", "/readyz/model")[0] == 200, 120.0)
            target = f"http://127.0.0.1:{gateway.port}"
            said = io.StringIO()
            if record_answers.run(["--target", target, "--pack", str(pack)], {}, said, said):
                raise RuntimeError(said.getvalue())
            metrics = f"http://127.0.0.1:{gateway.metrics_port}/metrics"
            yield Site(target, metrics, address, pack, describe_model(repository, "twin"))


def write_pack(folder: Path) -> Path:
    """The webcam photo of the benchmarks, and its crop for direct calls."""
    folder.mkdir()
    webcam = make_photos().webcam
    (folder / "webcam.jpg").write_bytes(webcam)
    crop = make_crop(webcam, CropSpec(), FaceDetector()).crop
    np.savez(folder / CROPS_FILE, crop=crop[None].repeat(CROPS, axis=0))
    write_index(folder, Index("webcam 80 KB", "drawn", (PackPhoto("webcam.jpg", "image/jpeg", "webcam", None, 1.0),)))
    return folder


def main() -> int:
    """Run, keep, compare, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.baseline", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of the baseline; one more is compared with them (5)")
    parser.add_argument("--rate", type=float, default=16.0, help="requests per second, half of them photos (16)")
    parser.add_argument("--seconds", type=float, default=40.0, help="of each run (40)")
    parser.add_argument("--runs-folder", type=Path, help="where the runs and the report are left")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="baseline.json goes there")
    arguments = parser.parse_args()
    workload = {
        "type": "open loop",
        "arrivals": "poisson",
        "rate": arguments.rate,
        "seconds": arguments.seconds,
        "mix": MIX,
        "runs": arguments.runs,
    }
    report = envelope("baseline", workload)
    folder = arguments.runs_folder or Path(tempfile.mkdtemp(prefix="symmetra-baseline-"))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="symmetra-site-") as name, running_site(Path(name)) as site:
        report["models"] = {"gateway": site.model}
        for number in range(arguments.runs + 1):
            request = RunRequest(
                site.target, folder / f"run{number + 1}", arguments.rate, arguments.seconds, mix=MIX, pack=site.pack,
                metrics=(site.metrics,), model_server=site.model_server,
            )  # fmt: skip
            made = make_run(request).summary
            print(f"run {number + 1}: {'valid' if made.valid else 'INVALID'}", flush=True)
    *kept, last = (folder / f"run{number + 1}" for number in range(arguments.runs + 1))
    print(f"the runs, and the report on the last: {folder}")
    report_command.run([str(last)], {}, sys.stdout, sys.stderr)
    try:
        report |= compare_with(keep_baseline(folder / "baseline", kept), last)
    except LoadTestError as error:
        print(f"nothing can be said against a baseline: {error}", file=sys.stderr)
        return 1
    report["gateway_share"] = [
        [dataclasses.asdict(row) for row in share_of_gateway(read_run(each))] for each in (*kept, last)
    ]
    report_command.run([str(last), "--baseline", str(folder / "baseline")], {}, sys.stdout, sys.stderr)
    if arguments.save:
        (arguments.save / "baseline.json").write_text(json.dumps(report, indent=1) + "\n")
    return 0


def compare_with(baseline: Baseline, folder: Path) -> dict[str, object]:
    """The noise floors of a baseline, and what one run shows against it.

    Raises:
        LoadTestError: The run is of another thing.
    """
    run = read_run(folder)
    comparison = compare([run], baseline)
    return {
        "noise": [dataclasses.asdict(change) for change in noise_of(baseline)],
        "comparison": dataclasses.asdict(comparison),
        "comparison_says": [check.says for check in checks_of(comparison)],
        "last_run_is_valid": run.summary.valid,
    }


if __name__ == "__main__":
    sys.exit(main())
