"""A real photo in, a severity out: HTTP, the gateway, BlazeFace, gRPC and TensorFlow, all real.

Photos of real people prove the path only: nothing here prints or keeps what the model says about them.
"""

import http.client
import io
import json
import time
import urllib.parse
import urllib.request

import keras
import numpy as np
import pytest
from PIL import Image
from skimage import data

from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import MODEL_NAME, CropSpec
from serving.contract.severity import PAPER_THRESHOLDS, band_of, severity_ppm
from serving.repository import ModelRepository
from serving.wire.golden_check import GOLDEN_PATH
from tests.support.drawn_faces import drawn_face
from tests.support.gateway_process import GatewayProcess
from tests.support.stub_model_server import StubModelServer
from tests.support.tiny_version import tiny_repository
from training.data.crops import make_crops
from training.data.manifest import read_manifest
from training.evaluation.scoring import score
from training.synthetic.corpus import CorpusPlan, write_corpus
from training.synthetic.pack import load_pack

FLOAT32_TOLERANCE = 1e-5


def screen(port, photo, media_type="image/jpeg"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/v1/screenings", photo, {"Content-Type": media_type, "Accept": "application/json"})
        response = connection.getresponse()
        return response.status, response.getheader("Content-Type"), json.load(response)
    finally:
        connection.close()


def as_png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def noise():
    return np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)


def keeps_the_contract(answer, pin):
    """Whether an answer holds together; a bool, so that no failure message can show a real person's score."""
    p, ppm = answer["p_no_depression"], answer["severity_ppm"]
    return (
        0.0 <= p <= 1.0
        and ppm == severity_ppm(p)
        and answer["band"] == band_of(ppm, PAPER_THRESHOLDS)
        and (answer["model"]["version"], answer["model"]["digest"]) == (pin.version, pin.digest)
        and answer["model"]["evidence"] == pin.contract.evidence
        and "not a diagnosis" in " ".join(answer["notice"])
    )


@pytest.fixture(scope="module")
def pin():
    return ModelRepository(tiny_repository(), MODEL_NAME).pin()


@pytest.mark.parametrize("name", ["astronaut", "camera"])
def test_a_photo_of_a_person_takes_the_whole_path(name, stack, pin):
    status, _, answer = screen(stack.port, as_png(getattr(data, name)()), "image/png")
    assert status == 200
    kept = keeps_the_contract(answer, pin)
    del answer
    assert kept


@pytest.mark.parametrize("name", ["coffee", "cat", "rocket", "text", "coins", "noise"])
def test_a_photo_without_a_face_gets_no_score(name, stack):
    pixels = noise() if name == "noise" else getattr(data, name)()
    status, media_type, problem = screen(stack.port, as_png(pixels), "image/png")
    assert (status, problem["code"]) == (422, "no_face")
    assert media_type == "application/problem+json"
    assert problem["advice"]
    assert "band" not in problem


def test_every_photo_of_the_pack_meets_its_expected_outcome(stack, pin):
    outcomes = {}
    for photo in load_pack():
        _, _, answer = screen(stack.port, photo.content, photo.media_type)
        outcomes[photo.name] = answer.get("code", "answered")
        assert "code" in answer or keeps_the_contract(answer, pin), photo.name
    assert outcomes == {photo.name: photo.expected for photo in load_pack()}


def test_training_reads_back_the_very_crop_that_the_gateway_sends(tmp_path):
    plan = CorpusPlan(photos=6, photos_per_subject=2, seed=3)
    write_corpus(tmp_path / "faces", plan, workers=1, progress=False)
    photos = read_manifest(tmp_path / "faces")
    store = make_crops(tmp_path / "faces", photos, tmp_path / "shards", processes=1, quiet=True)
    repository = ModelRepository(tiny_repository(), MODEL_NAME)
    version = repository.pin().version
    with (
        StubModelServer(version) as recording,
        GatewayProcess(tiny_repository(), recording.address, sentinel_interval_seconds=3600) as gateway,
    ):
        for photo in photos:
            status, _ = gateway.screen((tmp_path / "faces" / photo.path).read_bytes())
            assert status == 200
    # The gateway also looks at the model server by itself, once, with golden crops of the version.
    with np.load(repository.version_path(version) / GOLDEN_PATH) as content:
        golden = {crop.tobytes() for crop in content["crops"]}
    sent = [crop.tobytes() for crops in recording.crops for crop in crops if crop.tobytes() not in golden]
    assert sent == [store.read([photo.path]).tobytes() for photo in photos]


@pytest.mark.tensorflow
def test_the_served_probability_is_the_one_of_keras_in_process(stack, pin):
    version = ModelRepository(tiny_repository(), MODEL_NAME).version_path(pin.version)
    model = keras.models.load_model(version / "assets.extra" / "model.keras", compile=False)
    faces = [drawn_face(seed) for seed in range(8)]
    detector = FaceDetector()
    crops = np.stack([make_crop(face, CropSpec(), detector).crop for face in faces])
    in_process = score(model, crops)
    served = [screen(stack.port, face)[2]["p_no_depression"] for face in faces]
    assert np.abs(in_process - np.array(served)).max() <= FLOAT32_TOLERANCE
    assert in_process.max() - in_process.min() > 0.05, "answers that are all alike would prove nothing"


@pytest.mark.needs_system("prometheus")
def test_prometheus_scrapes_gateway_and_model_server(stack):
    screen(stack.port, drawn_face())

    def value_of(query):
        url = f"http://127.0.0.1:{stack.ports.prometheus_port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        with urllib.request.urlopen(url, timeout=10) as answer:
            result = json.load(answer)["data"]["result"]
        return float(result[0]["value"][1]) if result else 0.0

    for query in (
        'up{job="gateway"}',
        'up{job="model-server"}',
        'sum(symmetra_screenings_total{outcome="answered",traffic="patient"})',
        'sum({__name__=":tensorflow:serving:request_count",status="OK"})',
    ):
        deadline = time.monotonic() + 60
        while value_of(query) < 1.0:
            assert time.monotonic() < deadline, query
            time.sleep(0.2)
