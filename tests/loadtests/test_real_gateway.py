"""A run against the real gateway: answers are noted once, then every answer of a load test is held against them."""

import io
from pathlib import Path

import numpy as np
import pytest

from loadtests.commands import record_answers
from loadtests.photos import Index, PackPhoto, read_pack, write_index
from loadtests.run.launch import make_run
from loadtests.run.request import RunRequest
from tests.support.gateway_process import GatewayProcess
from tests.support.stub_model_server import StubModelServer
from tests.support.tiny_version import copy_tiny_repository
from training.synthetic.load_photos import BAD_CODES
from training.synthetic.pack import ANSWERED, load_pack

FACES = ("face_640x480.jpg", "face.png", "face.webp")
SHARED_MACHINE = {"late_starts", "generator_cpu"}
SHED = {"shed"}
"""A machine with other work to do may make the gateway turn photos away."""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The formats and refusals of the packs that are drawn for load tests, from the smallest files there are."""
    folder = tmp_path / "pack"
    folder.mkdir()
    chosen = [photo for photo in load_pack() if photo.name in FACES or photo.expected in BAD_CODES]
    photos = []
    for photo in chosen:
        (folder / photo.name).write_bytes(photo.content)
        problem = None if photo.expected == ANSWERED else photo.expected
        photos.append(PackPhoto(photo.name, photo.media_type, "sample", problem, 9.0 if problem is None else 0.5))
    write_index(folder, Index("samples", "drawn", tuple(photos)))
    return folder


def record(target: str, pack: Path) -> tuple[int, str]:
    err = io.StringIO()
    return record_answers.run(["--target", target, "--pack", str(pack)], {}, io.StringIO(), err), err.getvalue()


def test_answers_are_noted_once_and_held_against_every_later_one(tmp_path: Path, pack: Path) -> None:
    repository = copy_tiny_repository(tmp_path / "models")
    with (
        StubModelServer(1, np.float32(0.55)) as model_server,
        GatewayProcess(repository, model_server.address, allow_demo_model="yes") as gateway,
    ):
        target = f"http://127.0.0.1:{gateway.port}"
        assert record(target, pack) == (0, "")
        metrics = (f"http://127.0.0.1:{gateway.metrics_port}/metrics",)
        request = RunRequest(target, tmp_path / "run", 6, 5, mix="photo=0.9,page=0.1", pack=pack, metrics=metrics)
        run = make_run(request)
        model_server.p_no_depression = np.float32(0.2)
        changed = make_run(RunRequest(target, tmp_path / "changed", 6, 3, pack=pack, metrics=metrics))
    outcomes = run.summary.outcomes["photo"]
    assert {reason.code for reason in run.summary.invalid_reasons} <= SHARED_MACHINE
    assert outcomes.keys() - SHED == {"answered", "refused_photo"}
    assert run.summary.outcomes["page"].keys() == {"answered"}
    assert run.summary.answers.bands == run.summary.answers.expected_bands == {"mild": outcomes["answered"]}
    assert run.summary.answers.bins == run.summary.answers.expected_bins == {"0.5": outcomes["answered"]}
    assert run.summary.model_version == "1"
    assert sum(run.target.screenings["patient"].values()) == sum(outcomes.values())
    assert run.target.stages["predict"].sum_seconds > 0
    assert changed.summary.outcomes["photo"].keys() - SHED == {"wrong", "refused_photo"}
    assert changed.summary.answers.bands.keys() == {"high"}


def test_a_photo_that_is_not_answered_as_the_pack_says_is_told_and_nothing_is_noted(tmp_path: Path, pack: Path) -> None:
    repository = copy_tiny_repository(tmp_path / "models")
    index = read_pack(pack)
    (pack / FACES[0]).write_bytes((pack / "cup.jpg").read_bytes())
    with (
        StubModelServer(1, np.float32(0.55)) as model_server,
        GatewayProcess(repository, model_server.address, allow_demo_model="yes") as gateway,
    ):
        code, said = record(f"http://127.0.0.1:{gateway.port}", pack)
    assert code == 1
    assert "no_face" in said
    assert read_pack(pack).photos == index.photos
