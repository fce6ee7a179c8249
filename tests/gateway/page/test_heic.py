"""An iPhone's own format is refused with the exact remedy, told by its bytes whatever it calls itself, by API and page."""

import html
import struct

import pytest

from gateway.languages.de import GERMAN
from serving.contract.container import REMEDIES, recognise
from tests.support.gateway import FakeGateway
from tests.support.page_text import submit_photo, words_of

IPHONE = struct.pack(">I", 44) + b"ftypheic" + bytes(4) + b"mif1MiHBMiHEMiPrmiafheictmap" + bytes(64)
"""How a photo of an iPhone begins."""
SAID = {"en": REMEDIES["HEIC"], "de": GERMAN.occurrences[REMEDIES["HEIC"]]}
STEPS = {
    "en": ("Settings > Camera > Formats > Most Compatible", "export this one as JPEG"),
    "de": ("Einstellungen > Kamera > Formate > Maximale Kompatibilität", "exportieren Sie dieses als JPEG"),
}


@pytest.fixture
def gateway(tmp_path, monkeypatch):
    """A gateway that looks at the format as the real one does, and has a face in whatever it can read."""
    gateway = FakeGateway(tmp_path, languages=("en", "de"))
    make = gateway.crops.make

    def make_read(photo, *arguments, **options):
        recognise(photo)
        return make(photo, *arguments, **options)

    monkeypatch.setattr(gateway.crops, "make", make_read)
    return gateway


@pytest.mark.parametrize("tag", SAID)
@pytest.mark.parametrize("content_type", ["image/heic", "image/jpeg"])
def test_the_api_refuses_it_with_the_exact_remedy(gateway, tag, content_type):
    response = gateway.screen(IPHONE, content_type, headers={"Accept-Language": tag})
    assert (response.status_code, response.json["code"]) == (415, "photo_unsupported")
    assert "HEIC" in response.json["detail"]
    assert response.json["advice"] == SAID[tag]
    assert [step for step in STEPS[tag] if step not in SAID[tag]] == []


@pytest.mark.parametrize("tag", SAID)
def test_the_page_refuses_it_with_the_exact_remedy(gateway, tag):
    response = submit_photo(gateway, IPHONE, language=tag)
    assert response.status_code == 415
    text = words_of(response.text)
    assert "HEIC" in text
    assert html.unescape(SAID[tag]) in text


def test_the_form_asks_for_the_formats_that_are_read_so_that_a_phone_can_convert(gateway):
    assert 'accept="image/jpeg,image/png,image/webp"' in gateway.client.get("/").text
