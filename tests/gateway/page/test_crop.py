"""The answer shows the crop it was computed from, inside itself and nowhere else."""

import base64
import io
import re

import numpy as np
from PIL import Image

from gateway.languages import ENGLISH
from serving.contract.policy import Abstention, Policy
from tests.support.gateway import FakeGateway, make_prepared_crop, multipart, write_policy
from tests.support.page_text import submit_photo


class CropOfPhoto:
    """A crop of noise that is each photo's own."""

    def __init__(self):
        self.by_photo = {}

    def make(self, photo, spec, _deadline, **_options):
        noise = np.random.default_rng(list(photo)).integers(0, 256, (spec.size, spec.size, 3), np.uint8)
        self.by_photo[photo] = noise
        prepared = make_prepared_crop(spec.size)
        prepared.crop[:] = noise
        return prepared


def shown_crops(page):
    found = re.findall(r'<img src="data:image/png;base64,([^"]+)"', page)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each)))) for each in found]


def gateway_with_crops(tmp_path, monkeypatch):
    gateway = FakeGateway(tmp_path)
    crops = CropOfPhoto()
    monkeypatch.setattr(gateway.crops, "make", crops.make)
    return gateway, crops.by_photo


def test_each_of_two_photos_gets_its_own_crop_to_the_last_pixel(tmp_path, monkeypatch):
    gateway, by_photo = gateway_with_crops(tmp_path, monkeypatch)
    pages = {photo: submit_photo(gateway, photo).text for photo in (b"one", b"two", b"one again")}
    for photo, page in pages.items():
        (shown,) = shown_crops(page)
        assert np.array_equal(shown, by_photo[photo])
    assert not np.array_equal(by_photo[b"one"], by_photo[b"two"])


def test_an_abstention_shows_its_crop_too(tmp_path, monkeypatch):
    gateway, by_photo = gateway_with_crops(tmp_path, monkeypatch)
    write_policy(gateway.repository, Policy(abstention=Abstention(50_000, 0.9, 0.9)))
    gateway.predictor.jittered_p = (0.9,) * 8
    page = submit_photo(gateway, b"one").text
    assert "data-band" not in page
    (shown,) = shown_crops(page)
    assert np.array_equal(shown, by_photo[b"one"])


def test_the_api_does_not_return_the_crop(gateway):
    assert "data:image" not in gateway.screen().text


def test_a_repetition_shows_no_crop_because_none_is_kept(gateway):
    body, content_type = multipart(("photo", "face.jpg", b"photo"))
    headers = {"Accept": "text/html", "Idempotency-Key": "k"}
    first, second = (gateway.client.post("/", data=body, content_type=content_type, headers=headers) for _ in range(2))
    assert len(shown_crops(first.text)) == 1
    assert shown_crops(second.text) == []
    assert ENGLISH.page["crop_not_kept"] in second.text
    assert ENGLISH.page["crop_not_kept"] not in first.text
    assert gateway.predictor.rows == [1]


def test_pictures_may_come_from_data_and_nothing_else_may(gateway):
    policy = gateway.client.get("/").headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert [name for name, sources in directives.items() if "data:" in sources] == ["img-src"]
