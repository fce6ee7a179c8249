"""schemathesis against a real gateway process with keys, a stub model server and drawn faces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from serving.contract.jitter import JITTER_COPIES
from serving.contract.model import ATTRIBUTION_CELLS
from serving.contract.policy import Abstention, Policy
from tests.support.access import add_key, write_session_key
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository, write_policy
from tests.support.gateway_process import PROJECT, GatewayProcess
from tests.support.stub_model_server import StubModelServer

LEFT_OUT = ("/operator/pause",)
"""It would pause the service for all that come after; tests/gateway/operating has it."""
REGIONS = ("eyes", "brows", "mouth", "jaw")
PHOTOS_VARIABLE = "API_CAMPAIGN_PHOTOS"
ROWS = 1 + JITTER_COPIES


@contextmanager
def open_gateway(folder: Path, *, keys: bool):
    """A gateway that explains and abstains; with keys, one that asks for them, and a key that may do everything."""
    photos = folder / "photos"
    photos.mkdir()
    for seed in range(3):
        (photos / f"{seed}.jpg").write_bytes(drawn_face(seed, 240, 240))
    settings = {"log_level": "warning"}
    key = None
    if keys:
        key = add_key(folder / "keys.json")
        settings |= {
            "api_keys_file": folder / "keys.json",
            "session_key_file": write_session_key(folder / "session.key"),
            # Every case with a wrong key would otherwise be slowed down, and none would see its 401.
            "access_failures_per_second_per_client": 1000,
        }
    with StubModelServer(VERSION, np.full((ROWS, 1), 0.5, np.float32)) as stub:
        stub.explanation = {
            "attribution": np.full((1, ATTRIBUTION_CELLS, ATTRIBUTION_CELLS), 0.25, np.float32),
            "asymmetry": np.full((1, len(REGIONS)), 0.125, np.float32),
        }
        repository = make_repository(folder / "models", asymmetry_regions=REGIONS)
        write_policy(repository, Policy(abstention=Abstention(50_000, 0.9, 0.9)))
        with GatewayProcess(folder / "models", stub.address, **settings) as process:
            yield SimpleNamespace(process=process, key=key, photos=photos)


def run_schemathesis(gateway, folder: Path, *budget: str, timeout_seconds: float, seed: int, faces: bool) -> dict:
    """Run every check that applies, and return what was found.

    Args:
        gateway: Of `open_gateway`.
        folder: For its files.
        budget: Options that say how much.
        timeout_seconds: After which something hangs.
        seed: Of what it sends.
        faces: Send photos of faces where a photo is due, so that valid requests must be accepted; otherwise any bytes, and
            that one check is left out, because no schema can say what a face is.
    """
    report = folder / "report.json"
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"http://127.0.0.1:{gateway.process.port}/openapi.json",
        *(word for path in LEFT_OUT for word in ("--exclude-path", path)),
        "--checks", "all", *budget, "--seed", str(seed), "--continue-on-failure", "--no-color",
        "--report", "json", "--report-json-path", str(report), "--warnings", "off",
    ]  # fmt: skip
    environment = dict(os.environ)
    if gateway.key:
        command += ["--header", f"X-API-Key: {gateway.key}"]
    if faces:
        environment |= {
            "SCHEMATHESIS_HOOKS": "tests.support.api_campaign_hooks",
            "PYTHONPATH": str(PROJECT),
            PHOTOS_VARIABLE: str(gateway.photos),
        }
    else:
        command += ["--exclude-checks", "positive_data_acceptance"]
    run = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
    assert report.exists(), run.stdout + run.stderr
    found = json.loads(report.read_text())
    kept = {name: found[name] for name in ("schemathesis_version", "seed", "running_time", "operations", "test_cases")}
    return {**kept, "failures": found["failures"], "errors": found["errors"], "says": run.stdout}
