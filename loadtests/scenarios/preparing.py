"""What every scenario begins with: a version, people whom it never saw, and which of them it finds most severe."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests.errors import ScenarioFailed
from loadtests.scenarios.environment import without_settings
from loadtests.scenarios.sending import PhotoSender
from serving.contract.model import MODEL_NAME
from serving.local.demo import prepare_model
from serving.local.drift_demo import Face, draw_faces
from serving.local.ports import LocalPorts, find_free_port
from serving.local.processes import ProcessGroup
from serving.local.stack import Interpreters, start_gateway, start_model_server
from serving.repository import ModelRepository

ARCHITECTURE: Final = "twin"
HIGHER_SHARE: Final = 1 / 3
SENDERS: Final = 4
OK: Final = 200
ANSWERS_FILE: Final = "scenario-answers-{}.json"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What scenarios are run on.

    Attributes:
        models: Model repository with a pinned version; scenarios change copies of it.
        faces: Drawn people whom the version never saw, each once; all get an answer.
        higher: The third of them that the version finds most severe.
    """

    models: Path
    faces: tuple[Face, ...]
    higher: frozenset[Face]


def prepare(demo_folder: Path, python: Interpreters) -> Prepared:
    """Take what an earlier run left in the demo's folder, or make it: the model of `make demo`, the faces of `make drift-demo`.

    Raises:
        serving.local.demo.DemoStepFailed: A step did not end well.
        serving.local.processes.ProcessFailed: Model server or gateway did not come up.
        ScenarioFailed: The version answers too few of the faces.
    """
    with without_settings():
        prepare_model(demo_folder, python, arch=ARCHITECTURE)
        faces = draw_faces(demo_folder / "drift-faces", python.training)
        models = demo_folder / "models"
        digest = _digest(models)
        kept = demo_folder / ANSWERS_FILE.format(digest[:16])
        if not kept.exists():
            kept.write_text(json.dumps(_severities(models, faces, python)) + "\n")
    return with_severities(models, faces, json.loads(kept.read_text()))


def with_severities(models: Path, faces: Sequence[Face], severities: Sequence[int | None]) -> Prepared:
    """Leave out who gets no answer, and find the third that is most severe.

    Raises:
        ScenarioFailed: Hardly anybody got an answer.
    """
    answered = {face: severity for face, severity in zip(faces, severities, strict=True) if severity is not None}
    if len(answered) < len(faces) / 2:
        message = (
            f"the version answered {len(answered)} of {len(faces)} drawn faces; scenarios need one that answers them"
        )
        raise ScenarioFailed(message)
    most = sorted(answered, key=lambda face: answered[face], reverse=True)
    return Prepared(models, tuple(answered), frozenset(most[: round(HIGHER_SHARE * len(most))]))


def _digest(models: Path) -> str:
    repository = ModelRepository(models, MODEL_NAME)
    return repository.verify(repository.pin().version)


def _severities(models: Path, faces: Sequence[Face], python: Interpreters) -> list[int | None]:
    """Ask a gateway of its own, before anything is watched: severity in parts per million, None where it gives no answer."""
    ports = LocalPorts(*(find_free_port() for _ in range(5)))
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "models"
        shutil.copytree(models, copy)
        with ProcessGroup(Path(name) / "logs") as group, ThreadPoolExecutor(SENDERS) as senders:
            start_model_server(group, python.serving, copy, ports)
            start_gateway(group, python.gateway, copy, ports)
            sender = PhotoSender(ports.port, "")
            return list(senders.map(lambda face: _severity(sender, face), faces))


def _severity(sender: PhotoSender, face: Face) -> int | None:
    status, body = sender.send(face.path.read_bytes())
    return int(json.loads(body)["severity_ppm"]) if status == OK else None
