"""A language that is written from the right: the page takes its direction from the catalogue."""

import dataclasses
import re

import pytest

from gateway.languages import CATALOGUES, ENGLISH
from tests.support.gateway import FakeGateway
from tests.support.page_text import submit_photo


@pytest.fixture
def gateway(tmp_path, monkeypatch):
    right_to_left = dataclasses.replace(ENGLISH, tag="ar", direction="rtl", reviewed=False)
    monkeypatch.setitem(CATALOGUES, "ar", lambda: right_to_left)
    return FakeGateway(tmp_path, languages=("en", "ar"))


def test_a_page_takes_its_direction_from_its_language(gateway):
    for tag, direction in (("en", "ltr"), ("ar", "rtl")):
        page = submit_photo(gateway, language=tag).text
        assert f'<html lang="{tag}" dir="{direction}">' in page
        assert re.search(rf'<aside class="crisis" lang="{tag}" dir="{direction}"', page)
        assert (ENGLISH.page["unreviewed"] in page) is (tag == "ar")
