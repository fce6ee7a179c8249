"""The parts of `make fuzz` that are there without its environment: seeds, repaired photos, and what is read of a run."""

from __future__ import annotations

import pytest

from serving.contract.errors import PhotoError
from serving.contract.photo import decode_photo
from tests.fuzz.photo import read_log
from tests.fuzz.photo_mutations import MAX_SEED_BYTES, repair, seeds
from tests.support.photo_bytes import PNG_SIGNATURE, encode, plain_picture

LOG = """
#2\tINITED cov: 884 ft: 1312 corp: 76/415Kb exec/s: 20 rss: 253Mb
#202\tNEW    cov: 890 ft: 1343 corp: 78/424Kb lim: 65536 exec/s: 22 rss: 253Mb L: 7579/48064 MS: 1 Custom-
stat::written_before_bytes: 4096
stat::number_of_executed_units: 312
stat::slowest_unit_time_sec:    2
stat::peak_rss_mb:              288
"""


def test_the_seeds_are_the_small_ones_of_the_corpus_and_faces():
    found = seeds()
    assert len(found) > 200
    assert "jpeg of a small face" in found
    assert all(0 < len(photo) <= MAX_SEED_BYTES for photo in found.values())


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
def test_a_sound_photo_is_not_changed_by_repair(form):
    photo = encode(plain_picture(), form)
    assert repair(photo) == photo


def test_a_changed_png_is_looked_into_again_after_repair():
    png = bytearray(encode(plain_picture(), "PNG"))
    png[png.index(b"IHDR") + 11] -= 1  # one row less
    with pytest.raises(PhotoError):
        decode_photo(bytes(png))
    assert decode_photo(repair(bytes(png))).height_pixels == 63


def test_a_longer_webp_is_whole_again_after_repair():
    webp = encode(plain_picture(), "WEBP")
    longer = repair(webp + b"MINE\x04\0\0\0abcd")
    assert decode_photo(longer).width_pixels == 96


@pytest.mark.parametrize("rest", [b"", b"\0\0", b"\xff\xff\xff\xffIDAT" + bytes(8)])
def test_repair_ends_with_the_chunks(rest):
    assert repair(PNG_SIGNATURE + rest) == PNG_SIGNATURE + rest


def test_a_log_is_read():
    assert read_log(LOG) == {
        "executions": 312,
        "corpus_photos": 78,
        "edges": {"first": 884, "last": 890},
        "features": {"first": 1312, "last": 1343},
        "slowest_photo_seconds": 2,
        "peak_resident_mib": 288,
        "written_before_bytes": 4096,
    }


def test_a_log_without_a_run_reads_as_nothing():
    assert read_log("Traceback")["executions"] == 0
