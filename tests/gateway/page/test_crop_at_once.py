"""Photos sent at the same time to a real gateway: every answer holds the very crop that the model was asked about for its photo."""

import base64
import io
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository, multipart
from tests.support.gateway_process import GatewayProcess
from tests.support.stub_model_server import StubModelServer

SEEDS = (5, 11, 12)
TIMES = 4


def shown_crop(page):
    (found,) = re.findall(r'<img src="data:image/png;base64,([^"]+)"', page)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found))))


def test_no_answer_shows_the_crop_of_another_photo(tmp_path):
    photos = [drawn_face(seed) for seed in SEEDS]
    detector = FaceDetector()
    expected = [make_crop(photo, CropSpec(), detector).crop for photo in photos]
    make_repository(tmp_path)
    with StubModelServer(VERSION) as stub, GatewayProcess(tmp_path, stub.address, cores=2) as gateway:

        def send(number):
            body, content_type = multipart(("photo", "face.jpg", photos[number]))
            headers = {"Content-Type": content_type, "Accept": "text/html"}
            status, _, content = gateway.request("POST", "/", body, headers)
            return number, status, content.decode()

        with ThreadPoolExecutor(len(photos)) as senders:
            answers = list(senders.map(send, [*range(len(photos))] * TIMES))
        asked = {crops[0].tobytes() for crops in stub.crops}
    assert len({crop.tobytes() for crop in expected}) == len(photos)
    for number, status, page in answers:
        assert status == 200
        crop = shown_crop(page)
        assert np.array_equal(crop, expected[number])
        assert crop.tobytes() in asked
