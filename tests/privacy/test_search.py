"""The search finds every marker and every piece of a photo, in every form, also in the middle and across pieces of a file."""

import base64
import gzip
import io
import json
import re
import urllib.parse
import zlib

import numpy as np
import pytest
from PIL import Image

from serving.contract.model import CropSpec
from tests.privacy import search
from tests.privacy.encodings import TEXT_FORMS, forms_of_text
from tests.privacy.evidence import Evidence, FolderState
from tests.privacy.marked_photos import mark_jpeg, marked_photos, places_in, refused_photos
from tests.privacy.marked_requests import form_screening, odd_requests, raw_screening, with_wrong_credentials
from tests.privacy.markers import CREDENTIAL_PLACES, PHOTO_PLACES, REQUEST_PLACES, Markers
from tests.privacy.pieces import pieces_of
from tests.privacy.proof import NOT_SENT_HERE
from tests.privacy.search import Searcher

MARKERS = Markers.fresh()
WORD = MARKERS["exif_artist"]
AS_OTHERS_WRITE_IT = {
    "percent-encoded": lambda word: urllib.parse.quote_from_bytes(word, safe="").encode(),
    "base64": lambda word: base64.b64encode(b"x" + word + b"y"),
    "base64 in lines": base64.encodebytes,
    "base64 for URLs": lambda word: base64.urlsafe_b64encode(b"xy" + word),
    "hexadecimal": lambda word: word.hex().encode(),
    "UTF-16": lambda word: word.decode().encode("utf-16"),
    "a list": lambda word: json.dumps(list(word)).encode(),
    "repr of an array": lambda word: ", ".join(map(str, np.frombuffer(word, np.uint8))).encode(),
    "gzip": lambda word: b"before" + gzip.compress(b"<" + word + b">"),
    "zlib": lambda word: b"before" + zlib.compress(b"<" + word + b">") + b"after",
    "upper case": lambda word: word.upper(),
    "octal": lambda word: "".join(f"\\{byte:03o}" for byte in word).encode(),
}


@pytest.fixture(scope="module")
def searcher():
    return Searcher(MARKERS.literals())


@pytest.mark.parametrize("form", TEXT_FORMS)
def test_every_form_that_is_named_is_looked_for(searcher, form):
    for pattern in forms_of_text(WORD.encode())[form]:
        found = [hit for hit in searcher.find(b"noise " + pattern + b" noise") if hit.name == "exif_artist"]
        assert (form, 6) in {(hit.form, hit.offset) for hit in found}


@pytest.mark.parametrize("name", AS_OTHERS_WRITE_IT)
def test_a_marker_is_found_however_others_write_it(searcher, name):
    written = b"noise " + AS_OTHERS_WRITE_IT[name](WORD.encode()) + b" noise"
    assert "exif_artist" in {hit.name for hit in searcher.find(written)}


def test_a_marker_that_was_cut_off_is_found(searcher):
    assert {hit.name for hit in searcher.find(WORD[:-3].encode())} == {"any marker, cut off"}


def test_another_run_s_markers_are_not_ours(searcher):
    other = Markers.fresh()
    assert list(searcher.find(" ".join([*other.words.values(), other.address]).encode())) == []


def test_nothing_is_lost_between_two_pieces_of_a_file(searcher, monkeypatch):
    monkeypatch.setattr(search, "PIECE_BYTES", 4096)
    for at in range(4096 - len(WORD) - 1, 4096 + 2):
        content = b"." * at + WORD.encode() + b"." * 5000
        count, hits = searcher.find_in_stream(io.BytesIO(content))
        assert count == len(content)
        assert ("exif_artist", at) in {(hit.name, hit.offset) for hit in hits}
        assert ("exif_artist", at) in {(hit.name, hit.offset) for hit in searcher.find(content)}


def test_the_photos_hold_a_marker_in_every_place_that_a_file_has():
    photos = [*marked_photos(MARKERS), *refused_photos(MARKERS)]
    assert set().union(*(places_in(photo.content, MARKERS) for photo in photos)) == set(PHOTO_PLACES)


def test_the_requests_hold_a_marker_in_every_place_that_a_client_has(searcher):
    photo = marked_photos(MARKERS, 1)[0]
    raw = raw_screening(photo, MARKERS)
    requests = [
        raw,
        form_screening(photo, MARKERS),
        *odd_requests(photo, MARKERS),
        *with_wrong_credentials(raw, MARKERS),
    ]
    found = {hit.name for request in requests for hit in searcher.find(request.content)}
    assert {*REQUEST_PLACES, *CREDENTIAL_PLACES} - NOT_SENT_HERE <= found
    assert "address" in found


def test_pieces_of_a_photo_are_found_raw_as_base64_and_as_pixels():
    (photo,) = marked_photos(MARKERS, 1)
    pieces = pieces_of([photo], CropSpec())
    assert {name for name, _ in pieces} == {
        *(f"{what} of 'jpeg'" for what in ("file", "pixels", "crop")), "file of 'crop of jpeg'",
    }  # fmt: skip
    searcher = Searcher({}, pieces)
    middle = photo.content[20_000:24_000]
    for written in (middle, base64.b64encode(b"x" + middle), middle.hex().encode(), gzip.compress(middle)):
        assert {hit.name for hit in searcher.find(written)} == {"file of 'jpeg'"}
    with Image.open(io.BytesIO(photo.content)) as opened:
        rows = opened.convert("RGB").tobytes()
    assert {hit.name for hit in searcher.find(rows)} == {"pixels of 'jpeg'"}
    # The same drawing, made again: it is another photo.
    assert list(searcher.find(mark_jpeg("face_640x480.jpg", MARKERS))) == []


def test_a_picture_that_is_nobody_s_is_a_leak_all_the_same():
    stream = io.BytesIO()
    Image.new("RGB", (128, 128)).save(stream, "PNG")
    evidence = Evidence(Searcher({}))
    evidence.add_bytes("temporary", "x", b"before" + stream.getvalue())
    (leak,) = evidence.leaks
    assert re.search("128 x 128", str(leak))


def test_only_new_and_changed_files_of_a_shared_folder_are_searched(tmp_path):
    (tmp_path / "old").write_text("old")
    (tmp_path / "kept").write_text("kept")
    before = FolderState(tmp_path)
    (tmp_path / "old").write_text("changed")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "new").write_text("new")
    assert before.changed() == [tmp_path / "below" / "new", tmp_path / "old"]
    assert before.changed(except_below=(tmp_path / "below",)) == [tmp_path / "old"]
