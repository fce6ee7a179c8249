"""`make demo`: draw faces, train a small demo model on them, serve it, screen one drawn face, keep running.

Everything it makes lies under one folder, so a second run starts at once and deleting the folder starts over.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving.contract.errors import ContractError
from serving.contract.model import MODEL_NAME
from serving.local.ports import LOOPBACK, LocalPorts, PortInvalid, PortTaken
from serving.local.processes import ProcessFailed, ProcessGroup, run_to_end
from serving.local.stack import (
    Interpreters,
    model_server_address,
    start_gateway,
    start_model_server,
    start_prometheus,
)
from serving.repository import ModelRepository, NothingPinned, RepositoryError
from serving.repository.availability import ServerGroup
from serving.repository.promotion import Promoter
from serving.repository.rollout import Patience

if TYPE_CHECKING:
    from types import FrameType

DEMO_PHOTOS = 2400
DEMO_TRAINING_MINUTES = 2.5
DEMO_PHOTOS_PER_SUBJECT = 3
DEMO_SEED = 7
DEMO_APPROVAL = "The demo's own model of drawn faces, for this machine only; no person looked at it."
QUIET_LIBRARIES = {"TF_CPP_MIN_LOG_LEVEL": "2", "GRPC_VERBOSITY": "ERROR"}
"""TensorFlow's notes about CPU features would bury what the demo has to say."""
BAND_WORDS = {"none": "low score band", "mild": "middle score band", "high": "high score band"}


class DemoStepFailed(Exception):
    """A step of the demo ended with an error of its own, which it has already printed."""


class Stopped(Exception):
    """Ctrl-C, or a request to end."""


def main() -> int:
    """Run the demo until Ctrl-C; return the exit code."""
    arguments = _parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, raise_stopped)
    try:
        ports = LocalPorts.from_environment(os.environ)
        ports.require_free()
        python = Interpreters.of_environments(arguments.environments)
        version = prepare_model(arguments.folder, python, arch=arguments.arch)
        run_stack(arguments.folder, python, ports, version, keep_running=not arguments.exit_when_done)
    except Stopped:
        print("\nstopped; everything that was started has ended")  # noqa: T201 - a program for a person at a terminal
        return 0
    except (PortTaken, PortInvalid, DemoStepFailed, ProcessFailed, RepositoryError, ContractError) as error:
        print(f"\nmake demo cannot go on: {error}", file=sys.stderr)  # noqa: T201 - the same
        return 1
    return 0


def prepare_model(folder: Path, python: Interpreters, *, arch: str) -> int:
    """Draw faces, train and approve, unless an earlier run left a version that may go live; returns its number."""
    models = folder / "models"
    repository = ModelRepository(models, MODEL_NAME)
    ready = find_ready_version(repository)
    if ready is not None:
        say(f"using the demo model of an earlier run (delete {_shown(folder)} to train a new one)")
        return ready
    if (repository.directory / "pin.json").exists():
        # A damaged champion can be compared with nothing, and the demo's models are nobody's loss.
        say("the demo model of an earlier run is damaged: forgotten")
        shutil.rmtree(models)
    data, run = folder / "faces", folder / "run"
    started = time.monotonic()
    say(f"1/4 drawing {DEMO_PHOTOS} faces")
    run_step(
        python.training,
        "training",
        "synthesize",
        f"--out={data}",
        f"--photos={DEMO_PHOTOS}",
        f"--photos-per-subject={DEMO_PHOTOS_PER_SUBJECT}",
        f"--seed={DEMO_SEED}",
    )
    if (run / "evaluation.json").exists():
        say("2/4 the training of an earlier run is finished, kept")
    else:
        say(f"2/4 training the demo model ({arch}), at most {DEMO_TRAINING_MINUTES:g} minutes of fitting")
        run_step(
            python.training,
            "training",
            "fit",
            f"--data={data}",
            f"--out={run}",
            f"--arch={arch}",
            f"--minutes={DEMO_TRAINING_MINUTES}",
            "--schedule=cosine",
            f"--seed={DEMO_SEED}",
        )
    say("3/4 exporting a version and checking it")
    run_step(python.training, "training", "export", f"--run={run}", f"--repository={models}")
    version = max(repository.versions())
    say("4/4 asking the version through a model server, and judging it by the change policy")
    run_step(
        python.training,
        "training",
        "approve",
        f"--run={run}",
        f"--repository={models}",
        f"--version={version}",
        "--by=make demo",
        f"--why={DEMO_APPROVAL}",
    )
    say(f"the demo model is ready after {time.monotonic() - started:.0f} s")
    return version


def find_ready_version(repository: ModelRepository) -> int | None:
    """The pinned version, or else the newest approved one; None where its digests do not hold, or there is none."""
    try:
        try:
            version = repository.pin().version
        except NothingPinned:
            version = max(repository.versions(), default=0)
        return repository.make_pin(version).version
    except (RepositoryError, ContractError, OSError):
        return None


def run_stack(folder: Path, python: Interpreters, ports: LocalPorts, version: int, *, keep_running: bool) -> None:
    """Start all parts, make the version live, screen one drawn face, print where everything is, and stay until Ctrl-C."""
    models = folder / "models"
    with ProcessGroup(folder / "logs") as group:
        say("starting the model server, the gateway and Prometheus")
        start_model_server(group, python.serving, models, ports)
        make_live(ModelRepository(models, MODEL_NAME), version, ports)
        start_gateway(group, python.gateway, models, ports)
        has_prometheus = start_prometheus(group, folder / "prometheus", ports)
        photo = _choose_drawn_face(folder)
        show_answer(photo, screen(photo, ports))
        _show_places(ports, has_prometheus=has_prometheus)
        while keep_running:
            ended = group.first_ended()
            if ended is not None:
                raise ProcessFailed(ended)
            time.sleep(0.5)


def make_live(repository: ModelRepository, version: int, ports: LocalPorts) -> None:
    """Promote as a person would: the version is loaded, asked about its golden crops, and pinned.

    Raises:
        RepositoryError: it was not made live; the sentence says why.
    """
    # No gateway runs yet, so no request can be on its way to another version.
    patience = Patience(grace_seconds=0.0)
    with ServerGroup([model_server_address(ports)]) as group:
        Promoter(repository, group, patience, tell=lambda line: say(f"    {line}")).promote(
            version, "make demo", DEMO_APPROVAL
        )


def screen(photo: Path, ports: LocalPorts) -> dict[str, Any]:
    """Send one photo to the gateway as a hospital system would, and return its JSON answer."""
    request = urllib.request.Request(
        f"http://{LOOPBACK}:{ports.port}/v1/screenings",
        data=photo.read_bytes(),
        headers={"Content-Type": "image/jpeg", "Accept": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30.0) as answer:  # noqa: S310 - the same
            content: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        message = f"the gateway gave no answer for {_shown(photo)}: {problem['detail']} {problem['advice']}"
        raise DemoStepFailed(message) from error
    return content


def show_answer(photo: Path, answer: dict[str, Any]) -> None:
    """Print one answer with what it is worth."""
    model = answer["model"]
    say(f"one screening of a face drawn by this demo ({_shown(photo)}):")
    if answer["band"] is None:
        say("    no band: " + " ".join(reason["detail"] for reason in answer["reasons"]))
    else:
        words, percent = BAND_WORDS[answer["band"]], answer["severity_percent"]
        say(f"    {words} (in the paper's words: {answer['band']}); severity {percent} %")
    say(f"    model {model['name']} version {model['version']}, evidence: {model['evidence']}")
    for notice in answer["notice"]:
        say(f"    {notice}")


def say(line: str) -> None:
    """Print a line at once, so that progress is seen through a pipe too."""
    print(line, flush=True)  # noqa: T201 - a program for a person at a terminal


def _show_places(ports: LocalPorts, *, has_prometheus: bool) -> None:
    say("")
    say(f"  upload page    http://{LOOPBACK}:{ports.port}/")
    say(f"  API            http://{LOOPBACK}:{ports.port}/v1/screenings   (POST a photo)")
    say(f"  metrics        http://{LOOPBACK}:{ports.metrics_port}/metrics")
    if has_prometheus:
        say(f"  Prometheus     http://{LOOPBACK}:{ports.prometheus_port}/")
    else:
        say("  Prometheus     not installed, so nothing is recorded; get it with: sudo make system-deps")
    if shutil.which("chromium") is None:
        say("  Chromium       not installed; only `make test` needs it: sudo make system-deps")
    say("")
    say("Ctrl-C stops everything.")


def _choose_drawn_face(folder: Path) -> Path:
    photos = sorted((folder / "faces" / "photos").rglob("*.jpg"))
    if not photos:
        message = f"no drawn face is left under {_shown(folder)}; delete that folder and start again"
        raise DemoStepFailed(message)
    return photos[0]


def run_step(python: Path, module: str, *arguments: str) -> None:
    """Run one program of ours to its end.

    Raises:
        DemoStepFailed: it did not end well; it has said why.
    """
    code = run_to_end([python, "-m", module, *arguments], {**os.environ, **QUIET_LIBRARIES})
    if code != 0:
        message = f"`python -m {module} {' '.join(arguments)}` ended with exit code {code} (see above)"
        raise DemoStepFailed(message)


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def raise_stopped(_number: int, _frame: FrameType | None) -> None:
    """Handle a signal: end what is started, once."""
    # A second Ctrl-C while things are being stopped must not cut the stopping short.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m serving.local.demo", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(".run/demo"), help="where everything it makes lies")
    parser.add_argument("--environments", type=Path, default=Path(".venv"), help="one Python environment per extra")
    parser.add_argument(
        "--arch",
        default="twin",
        help="architecture of the demo model: twin learns within the demo's minutes, paper does not",
    )
    parser.add_argument("--exit-when-done", action="store_true", help="stop after the first screening")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
